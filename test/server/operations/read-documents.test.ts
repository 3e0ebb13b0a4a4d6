import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readDocuments } from '../../../src/server/operations/read-documents.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operations-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, content: unknown): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** Faults without the folder, which is another one each time. */
async function read(name: string) {
  const { documents, faults } = await readDocuments(join(folder, name));
  return {
    documents: documents.map(({ id, text }) => [id, text]),
    faults: faults.map(({ code, path, message }) => {
      expect(code).toBe('OPERATION_LIST_INVALID');
      return `${path}: ${message}`.replaceAll(`${folder}/`, '');
    }),
  };
}

describe('a list of operations', () => {
  it('is a folder, whose files are known by their path', async () => {
    await write('list/greet.graphql', '{ greeting }');
    await write('list/orders/recent.gql', 'query R { generation }');
    await write('list/README.md', 'no document');
    expect(await read('list')).toEqual({
      documents: [
        ['greet', '{ greeting }'],
        ['orders/recent', 'query R { generation }'],
      ],
      faults: [],
    });
  });

  it('is a JSON file of ids and documents', async () => {
    await write('list.json', { a: '{ greeting }', ['__proto__x']: '{ generation }' });
    expect((await read('list.json')).documents).toEqual([
      ['a', '{ greeting }'],
      ['__proto__x', '{ generation }'],
    ]);
  });

  it('is a manifest of Apollo’s generator', async () => {
    const operations = [{ id: 'abc', name: 'G', type: 'query', body: 'query G { greeting }' }];
    await write('manifest.json', { format: 'apollo-persisted-query-manifest', version: 1, operations });
    expect(await read('manifest.json')).toEqual({ documents: [['abc', 'query G { greeting }']], faults: [] });
  });

  it('is told all that is wrong with it at once', async () => {
    await write('list.json', { good: '{ greeting }', number: 7, nothing: null, '': '{ greeting }' });
    expect(await read('list.json')).toEqual({
      documents: [['good', '{ greeting }']],
      faults: [
        'list.json["number"]: expected an id with the text of a document; got a number.',
        'list.json["nothing"]: expected an id with the text of a document; got null.',
        'list.json[""]: expected an id with the text of a document; got no id.',
      ],
    });
    const operations = [{ id: 'a', body: '{ greeting }' }, { id: 'a', body: '{ generation }' }, { id: 'b' }, null];
    await write('manifest.json', { format: 'apollo-persisted-query-manifest', version: 1, operations });
    expect((await read('manifest.json')).faults).toEqual([
      'manifest.json.operations[2]: expected an operation with the texts `id` and `body`.',
      'manifest.json.operations[3]: expected an operation with the texts `id` and `body`.',
      'manifest.json.operations[1]: expected each id once; "a" is that of manifest.json.operations[0] too.',
    ]);
  });

  it('has each id once, in a folder too', async () => {
    await write('list/a.gql', '{ greeting }');
    await write('list/a.graphql', '{ generation }');
    expect((await read('list')).faults).toEqual([
      'list/a.graphql: expected each id once; "a" is that of list/a.gql too.',
    ]);
  });

  it.each<[string, unknown, string]>([
    ['broken', '{ "a": ', ': expected JSON; got something else.'],
    ['a list', [], ': expected { "<id>": "<document>" }; got a list.'],
    ['empty', {}, ': expected at least one document; the file has none.'],
    ['of another version', { format: 'apollo-persisted-query-manifest', version: 2 }, '.version: expected 1; got 2.'],
    [
      'without operations',
      { format: 'apollo-persisted-query-manifest', version: 1 },
      '.operations: expected a list; got nothing.',
    ],
  ])('is refused when it is %s', async (_what, content, message) => {
    await write('list.json', content);
    expect(await read('list.json')).toEqual({ documents: [], faults: [`list.json${message}`] });
  });

  it('is refused when it is not there, or an empty folder', async () => {
    const missing =
      'nowhere.json: expected a folder of .graphql files, or a JSON file { "<id>": "<document>" }; there is nothing at this path.';
    expect((await read('nowhere.json')).faults).toEqual([missing]);
    await mkdir(join(folder, 'empty'));
    expect((await read('empty')).faults).toEqual([
      'empty: expected at least one document; the folder has no .graphql file.',
    ]);
  });
});
