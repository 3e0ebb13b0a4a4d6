/** Checks a notation: every fault at once, each with its path, what was expected and what came. */
import type { ErrorCode, Fault } from '../errors.ts';
import { checkDefault } from './check-default.ts';
import { circleOf } from './circular.ts';
import { convertors } from './convertors.ts';
import { controlTypes, type Field, fieldTypes, type ObjectDefinition } from './field.ts';
import { fieldKeys, isRecord, showValue } from './field-keys.ts';
import { fieldName, graphqlNamePattern } from './field-name.ts';
import { didYouMean, nearest } from './nearest.ts';

/** What the connector has that a field may name. */
export interface CheckContext {
  /** Names of the connector's methods; the built-in convertors are known besides. */
  readonly convertors: ReadonlySet<string>;
  readonly objects: ReadonlyMap<string, ObjectDefinition>;
  readonly pickLists: ReadonlySet<string>;
  /** The fields are those of an action's input or output, where one may be the content of a file. */
  readonly streams?: boolean | undefined;
  /** Told of what has no effect, or is likely not meant, and yet is no fault. */
  warn(fault: Fault): void;
}

/**
 * All faults of a list of fields. Never throws, whatever it is given. Objects of the connector are not entered: each is
 * checked where it is defined.
 *
 * @param path - where the list stands, e.g. `github.actions.create_issue.input`.
 */
export function checkFields(fields: unknown, path: string, context: CheckContext): Fault[] {
  const faults: Fault[] = [];
  const known = new Set<unknown>();
  for (const object of context.objects.values()) if (isRecord(object)) known.add(object).add(object.fields);
  // The list that is checked is entered even if it is that of a named object.
  new Check(context, known, faults).list(fields, path, []);
  return faults;
}

/** Deeper than any answer, shallower than the stack. */
const maxNesting = 100;

class Check {
  readonly #context: CheckContext;
  readonly #known: ReadonlySet<unknown>;
  readonly #faults: Fault[];

  constructor(context: CheckContext, known: ReadonlySet<unknown>, faults: Fault[]) {
    this.#context = context;
    this.#known = known;
    this.#faults = faults;
  }

  /** @param within - the lists and objects that this list stands in, from the outside in. */
  list(fields: unknown, path: string, within: readonly unknown[]): void {
    if (!Array.isArray(fields)) {
      return this.#report('NOTATION_INVALID', path, `expected a list of fields; got ${showValue(fields)}.`);
    }
    if (within.includes(fields)) return this.#circular(path);
    if (within.length > maxNesting) {
      return this.#report('NOTATION_INVALID', path, `expected at most ${maxNesting} levels of fields; got more.`);
    }
    const names = new Map<string, string>();
    for (const [index, field] of fields.entries()) {
      this.#field(field, `${path}[${index}]`, [...within, fields]);
      if (!isRecord(field)) continue;
      this.#unique(field, `${path}[${index}]`, names);
      const toggle = field.toggleField;
      if (isRecord(toggle) && toggle.name !== field.name) this.#unique(toggle, `${path}[${index}].toggleField`, names);
    }
  }

  #field(field: unknown, path: string, within: readonly unknown[]): void {
    if (!isRecord(field)) {
      return this.#report('NOTATION_INVALID', path, `expected a field, { name: '…' }; got ${showValue(field)}.`);
    }
    const faultCount = this.#faults.length;
    this.#name(field, path);
    this.#keys(field, path);
    const hasType = this.#type(field, path);
    this.#stream(field, path, within);
    this.#convertor(field, path);
    this.#choices(field, path);
    if (hasType) this.#properties(field, path, within);
    this.#toggle(field, path, within);
    if (this.#faults.length === faultCount) this.#deeper(field as unknown as Field, path);
  }

  /** What only a field that is right in itself can be asked. */
  #deeper(field: Field, path: string): void {
    const circle = circleOf(field, this.#context.objects);
    if (circle) {
      this.#report(
        'NOTATION_CIRCULAR',
        path,
        `expected a value that can end; got objects that each require the next: ${circle.join(' → ')}. ` +
          'Make one of these fields optional, or an array.',
      );
    }
    const message = checkDefault(field);
    if (message !== undefined) this.#report('NOTATION_KEY_INVALID', `${path}.default`, message);
  }

  #name(field: Record<string, unknown>, path: string): void {
    const { name, graphqlName } = field;
    if (typeof name !== 'string' || name.trim() === '') {
      return this.#report('NOTATION_FIELD_NAME', `${path}.name`, `expected a name; got ${showValue(name)}.`);
    }
    if (name === '__proto__') {
      return this.#report(
        'NOTATION_FIELD_NAME',
        `${path}.name`,
        'expected a name that an object can hold; got "__proto__".',
      );
    }
    if (graphqlName !== undefined) {
      if (typeof graphqlName === 'string' && !graphqlNamePattern.test(graphqlName)) {
        const expected = 'expected letters, digits and _, with no digit and no __ in front';
        this.#report('NOTATION_FIELD_NAME', `${path}.graphqlName`, `${expected}; got ${showValue(graphqlName)}.`);
      }
    } else if (!graphqlNamePattern.test(fieldName({ name }))) {
      const expected = 'expected a name with letters or digits, which GraphQL can say';
      this.#report('NOTATION_FIELD_NAME', `${path}.name`, `${expected}; got ${showValue(name)}. Add a graphqlName.`);
    }
  }

  /** Names must differ as the provider says them and as the graph says them. */
  #unique(field: Record<string, unknown>, path: string, names: Map<string, string>): void {
    const { name, graphqlName } = field;
    if (typeof name !== 'string' || name === '') return;
    const inGraph = typeof graphqlName === 'string' ? graphqlName : fieldName({ name });
    const origin = names.get(`name ${name}`);
    const twin = names.get(`graph ${inGraph}`);
    if (origin !== undefined) {
      this.#report(
        'NOTATION_FIELD_DUPLICATE',
        `${path}.name`,
        `expected a name of its own; got ${showValue(name)}, as ${origin} has.`,
      );
    } else if (twin !== undefined && inGraph !== '') {
      this.#report(
        'NOTATION_FIELD_DUPLICATE',
        `${path}.name`,
        `expected a name of its own in the graph; got ${showValue(name)}, which is "${inGraph}" there, as ${twin} is. Add a graphqlName.`,
      );
    }
    names.set(`name ${name}`, origin ?? path).set(`graph ${inGraph}`, twin ?? path);
  }

  #keys(field: Record<string, unknown>, path: string): void {
    for (const [key, value] of Object.entries(field)) {
      if (!Object.hasOwn(fieldKeys, key)) {
        const guess = didYouMean(key, Object.keys(fieldKeys));
        this.#warn('NOTATION_KEY_UNKNOWN', `${path}.${key}`, `this key is not known and has no effect${guess}.`);
        continue;
      }
      const kind = fieldKeys[key as keyof Field];
      if (value === undefined || kind.accepts(value)) continue;
      this.#report('NOTATION_KEY_INVALID', `${path}.${key}`, `expected ${kind.expected}; got ${showValue(value)}.`);
    }
    const { controlType } = field;
    if (typeof controlType !== 'string') return;
    const bare = controlType.replace(/^(small|medium)-/, '');
    if ((controlTypes as readonly string[]).includes(bare)) return;
    const guess = didYouMean(bare, controlTypes);
    this.#warn(
      'NOTATION_KEY_INVALID',
      `${path}.controlType`,
      `this control type is not known; a form shows text${guess}.`,
    );
  }

  /** @returns whether type and element type are known, so that what depends on them can be judged. */
  #type(field: Record<string, unknown>, path: string): boolean {
    const { type, of, format } = field;
    if (type !== undefined && !isFieldType(type)) {
      this.#unknownType(type, `${path}.type`);
      return false;
    }
    if (format !== undefined && format !== { integer: 'int64', number: 'decimal' }[baseType(field)]) {
      const expected = 'expected "int64" with integer or "decimal" with number';
      if (format === 'int64' || format === 'decimal') {
        this.#report('NOTATION_KEY_INVALID', `${path}.format`, `${expected}; got "${format}" with ${baseType(field)}.`);
      }
    }
    if (of === undefined) return true;
    if (type !== 'array') {
      const message = `expected type: 'array' beside it; got ${type === undefined ? 'no type' : showValue(type)}.`;
      this.#report('NOTATION_KEY_INVALID', `${path}.of`, message);
      return true;
    }
    if (isRecord(of)) return true;
    if (!isFieldType(of)) {
      this.#unknownType(of, `${path}.of`);
      return false;
    }
    if (of === 'array') {
      const message =
        'expected the type of one element; got "array". A list of lists is of: \'object\' without properties, any JSON.';
      this.#report('NOTATION_KEY_INVALID', `${path}.of`, message);
    }
    return true;
  }

  /** Contents stand by themselves: nobody could say when one of many, or one within something else, passes. */
  #stream({ type, of }: Record<string, unknown>, path: string, within: readonly unknown[]): void {
    const isPlaced = type === 'stream' && this.#context.streams === true && within.length === 1;
    if ((type !== 'stream' || isPlaced) && of !== 'stream') return;
    const message = "expected another type: 'stream' is for one field of an action's own input or output.";
    this.#report('NOTATION_KEY_INVALID', `${path}.${of === 'stream' ? 'of' : 'type'}`, message);
  }

  #unknownType(type: unknown, path: string): void {
    const guess = typeof type === 'string' ? typeMeantBy(type) : undefined;
    const suggestion = guess === undefined ? '' : ` (did you mean "${guess}"?)`;
    const message = `expected one of ${fieldTypes.join(', ')}; got ${showValue(type)}${suggestion}.`;
    this.#report('NOTATION_TYPE_UNKNOWN', path, message);
  }

  #convertor(field: Record<string, unknown>, path: string): void {
    for (const [key, olderKey] of [
      ['convertInput', 'renderInput'],
      ['convertOutput', 'parseOutput'],
    ] as const) {
      if (field[key] !== undefined && field[olderKey] !== undefined && field[key] !== field[olderKey]) {
        const message = `expected only ${key}; got both, and they differ.`;
        this.#report('NOTATION_KEY_INVALID', `${path}.${olderKey}`, message);
      }
      for (const name of [key, olderKey]) this.#convertorName(field[name], `${path}.${name}`);
    }
  }

  #convertorName(name: unknown, path: string): void {
    if (name === undefined) return;
    if (typeof name !== 'string') {
      const message = `expected the name of a convertor or of a method; got ${showValue(name)}.`;
      return this.#report('NOTATION_KEY_INVALID', path, message);
    }
    if (convertors.has(name) || this.#context.convertors.has(name)) return;
    const guess = didYouMean(name, [...convertors.keys(), ...this.#context.convertors]);
    const message = `expected a convertor or a method of the connector; got ${showValue(name)}${guess}.`;
    this.#report('NOTATION_CONVERTOR_UNKNOWN', path, message);
  }

  #choices(field: Record<string, unknown>, path: string): void {
    const { pickList, options, pickListParams } = field;
    if (pickList !== undefined && options !== undefined) {
      this.#report('NOTATION_KEY_INVALID', `${path}.options`, 'expected either pickList or options; got both.');
    }
    if (pickListParams !== undefined && typeof pickList !== 'string') {
      const message = `expected the name of a pick list as pickList beside it; got ${showValue(pickList)}.`;
      this.#report('NOTATION_KEY_INVALID', `${path}.pickListParams`, message);
    }
    if (typeof pickList === 'string' && pickList !== '' && !this.#context.pickLists.has(pickList)) {
      const message = `expected a pick list of the connector; got ${showValue(pickList)}${didYouMean(pickList, this.#context.pickLists)}.`;
      this.#report('NOTATION_PICK_LIST_UNKNOWN', `${path}.pickList`, message);
    }
  }

  #properties(field: Record<string, unknown>, path: string, within: readonly unknown[]): void {
    const { properties, of } = field;
    if (isRecord(of)) {
      if (properties !== undefined) {
        const message = 'expected no properties beside the object that `of` gives; got both.';
        this.#report('NOTATION_KEY_INVALID', `${path}.properties`, message);
      }
      this.#source(of, `${path}.of`, within);
    }
    if (properties === undefined) return;
    if (baseType(field) !== 'object') {
      const message = `expected type: 'object', or 'array' of objects, beside it; got ${baseType(field)}.`;
      return this.#report('NOTATION_KEY_INVALID', `${path}.properties`, message);
    }
    this.#source(properties, `${path}.properties`, within);
  }

  /** A list of fields, an object with such a list, or the name of one. */
  #source(source: unknown, path: string, within: readonly unknown[]): void {
    if (typeof source === 'string') {
      if (this.#context.objects.has(source)) return;
      const guess = didYouMean(source, this.#context.objects.keys());
      const message = `expected an object of the connector; got ${showValue(source)}${guess}.`;
      return this.#report('NOTATION_OBJECT_UNKNOWN', path, message);
    }
    if (Array.isArray(source)) return this.#known.has(source) ? undefined : this.list(source, path, within);
    if (!isRecord(source)) {
      const message = `expected a list of fields, an object, or the name of one; got ${showValue(source)}.`;
      return this.#report('NOTATION_KEY_INVALID', path, message);
    }
    if (this.#known.has(source)) return;
    if (within.includes(source)) return this.#circular(path);
    this.list(source.fields, `${path}.fields`, [...within, source]);
  }

  #toggle(field: Record<string, unknown>, path: string, within: readonly unknown[]): void {
    const { toggleField: toggle, toggleHint } = field;
    if (toggle === undefined) return;
    const report = (key: string, message: string) => this.#report('NOTATION_TOGGLE_INVALID', `${path}${key}`, message);
    if (typeof toggleHint !== 'string' || toggleHint === '') {
      report('.toggleHint', `expected a hint for the switch to the toggle field; got ${showValue(toggleHint)}.`);
    }
    if (!isRecord(toggle))
      return report('.toggleField', `expected a field with name and type; got ${showValue(toggle)}.`);
    if (within.includes(toggle)) return this.#circular(`${path}.toggleField`);
    if (toggle.type === undefined) report('.toggleField.type', 'expected a type; got nothing.');
    if (toggle.toggleField !== undefined)
      report('.toggleField.toggleField', 'expected no toggle of a toggle; got one.');
    if (toggle.optional !== undefined && (toggle.optional === false) !== (field.optional === false)) {
      report(
        '.toggleField.optional',
        `expected ${field.optional !== false}, as the field has it; got ${showValue(toggle.optional)}.`,
      );
    }
    const { toggleField: _ignored, ...rest } = toggle;
    this.#field(rest, `${path}.toggleField`, [...within, toggle]);
  }

  #circular(path: string): void {
    const message =
      'expected fields that end; got a list that contains itself. Make it an object of the connector and refer to it by name.';
    this.#report('NOTATION_CIRCULAR', path, message);
  }

  #report(code: ErrorCode, path: string, message: string): void {
    this.#faults.push({ code, path, message });
  }

  #warn(code: ErrorCode, path: string, message: string): void {
    this.#context.warn({ code, path, message });
  }
}

function isFieldType(type: unknown): boolean {
  return (fieldTypes as readonly unknown[]).includes(type);
}

/** The type of the value, or of each element of the list. */
function baseType(field: Record<string, unknown>): string {
  const type = field.type === 'array' ? (field.of ?? 'object') : (field.type ?? 'string');
  return typeof type === 'string' ? type : 'object';
}

/** What other systems, and published connectors, call our types. */
const typeNames: ReadonlyMap<string, string> = new Map([
  ...['int', 'int32', 'int64', 'long', 'bigint'].map((name) => [name, 'integer'] as const),
  ...['float', 'double', 'decimal', 'currency'].map((name) => [name, 'number'] as const),
  ...['text', 'url', 'email', 'phone', 'select', 'id', 'uuid', 'password'].map((name) => [name, 'string'] as const),
  ...['bool', 'checkbox'].map((name) => [name, 'boolean'] as const),
  ...['hash', 'json', 'map'].map((name) => [name, 'object'] as const),
  ['list', 'array'],
]);

function typeMeantBy(type: string): string | undefined {
  return typeNames.get(type.toLowerCase()) ?? nearest(type, fieldTypes);
}
