import { describe, expect, it } from '@jest/globals';
import { formatFault } from '../../src/errors.ts';
import type { Fault } from '../../src/errors.ts';
import { checkFields } from '../../src/notation/check-fields.ts';
import { compileInput, compileOutput } from '../../src/notation/coerce.ts';
import {
  exampleMethods,
  exampleObjects,
  examplePickLists,
  notationAntiExamples,
  notationExamples,
} from '../../src/notation/examples.ts';
import type { Notation } from '../../src/notation/field.ts';

const warnings: Fault[] = [];
const objects = new Map(Object.entries(exampleObjects));
const context = {
  convertors: new Set(exampleMethods),
  objects,
  pickLists: new Set(examplePickLists),
  streams: true,
  warn: (fault: Fault) => warnings.push(fault),
};

describe('an example', () => {
  it.each(notationExamples)('is right: $title', ({ notation }) => {
    expect(checkFields(notation, 'input', context)).toEqual([]);
    expect(warnings).toEqual([]);
    const options = { objects, methods: () => String };
    expect(compileOutput(notation as Notation, options)({})).toEqual({});
    expect(compileInput(notation as Notation, options)).toBeInstanceOf(Function);
  });
});

describe('an anti-example', () => {
  it.each(notationAntiExamples)('is refused with its reasons: $title', ({ notation, faults }) => {
    expect(checkFields(notation, 'input', context).map(formatFault)).toEqual(faults);
  });
});
