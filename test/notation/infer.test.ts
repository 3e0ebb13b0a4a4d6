import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const file = resolve(dirname(fileURLToPath(import.meta.url)), 'infer.types.ts');
const root = resolve(dirname(file), '../..');

describe('the types that are inferred from a notation', () => {
  it('are exactly as infer.types.ts says, anti-examples included', () => {
    expect(diagnose(readFileSync(file, 'utf8'))).toEqual([]);
  });

  it('are judged by a compiler that sees a wrong expectation and an error that does not come', () => {
    const wrong = readFileSync(file, 'utf8')
      .replace('ratio: number;', 'ratio: string;')
      .replace("notation([{ name: 'id', type: 'int' }]);", "notation([{ name: 'id', type: 'integer' }]);");
    expect(diagnose(wrong)).toEqual([
      "Type 'false' does not satisfy the constraint 'true'.",
      "Unused '@ts-expect-error' directive.",
    ]);
  });
});

/** Compiles the text as if it were the file, with the options of the house. */
function diagnose(text: string): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  host.readFile = (path) => (resolve(path) === file ? text : read(path));
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')[0]!);
}
