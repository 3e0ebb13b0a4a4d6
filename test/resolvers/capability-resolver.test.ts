import { describe, expect, it, jest } from '@jest/globals';
import { parse } from 'graphql';
import type { Connector } from '../../src/connector/definition.ts';
import { createConnections } from '../../src/connection/connections.ts';
import { createCredentials } from '../../src/connection/configured-connections.ts';
import { buildGraph } from '../../src/graph/graph.ts';
import { readOwnSdl } from '../../src/own-sdl.ts';
import { createExecutor } from '../../src/resolvers/executor.ts';
import { createGatewaySchema } from '../../src/resolvers/gateway-schema.ts';
import { createListCursors } from '../../src/resolvers/list-cursor.ts';
import type { Transfers } from '../../src/transfers/transfers.ts';
import { ringOf } from '../support/key-ring.ts';

const drive: Connector = {
  name: 'drive',
  actions: {
    get_entry: {
      readOnly: true,
      capability: { name: 'getFile', output: { kind: () => 'FILE', name: 'path' } },
      input: [{ name: 'path', optional: false }],
      output: [{ name: 'path' }],
      execute: (_connection, { path }) => ({ path }),
    },
    get_content: {
      readOnly: true,
      capability: { name: 'readFile', input: { place: 'path' } },
      input: [{ name: 'place', optional: false }],
      output: [{ name: 'content', type: 'stream' }],
      execute: () => ({ content: null }),
    },
    put_content: {
      capability: 'writeFile',
      input: [
        { name: 'path' },
        { name: 'media_type' },
        { name: 'overwrite', type: 'boolean' },
        { name: 'content', type: 'stream', optional: false },
      ],
      execute: () => null,
    },
    list_odd: {
      readOnly: true,
      list: true,
      capability: { name: 'listProjects' },
      output: [{ name: 'id' }],
      execute: () => [{ id: 1 }, 'no row'],
    },
  },
};
const begin = jest.fn<Transfers['begin']>(async () => ({
  url: 'https://gateway.example.test/transfers/once',
  method: 'GET',
  expiresAt: new Date('2026-12-01T00:00:00Z'),
}));
const own = createGatewaySchema(await readOwnSdl(), {
  connectors: [drive],
  // What nobody here asks for.
  rooms: {} as never,
  feeds: {} as never,
  things: {} as never,
  research: {} as never,
});
const configured = [
  { id: 'd1', connector: drive, tenant: undefined, subject: undefined, credentials: createCredentials({}) },
];
const connections = createConnections({ configured, connectors: new Map([['drive', drive]]) });

async function ask(
  query: string,
  scopes = ['plugboard.read', 'plugboard.write'],
  transfers: Pick<Transfers, 'begin'> | null = { begin },
) {
  const served = createExecutor(buildGraph([drive], own), connections, {
    sender: { send: () => Promise.reject(new Error('nothing is sent')), close: async () => {} },
    cursors: createListCursors(ringOf(1)),
    maxFirst: 100,
    triggers: {} as never,
    ...(transfers && { transfers }),
  });
  const caller = { tenant: 't', subject: 's', scopes: new Set(scopes) };
  const context = { caller, signal: new AbortController().signal, requestId: 'r' };
  const { data, errors = [] } = await served.execute({ document: parse(query), context });
  return {
    data: JSON.parse(JSON.stringify(data)) as unknown,
    errors: errors.map((error) => [error.path?.join('.'), error.extensions.code, error.extensions.scope]),
  };
}

describe('the content of a file', () => {
  it('is a URL, begun with the own input of the action that reads it', async () => {
    const { data } = await ask(
      '{ file(connection: "d1", path: "/a") { name kind download { url method expiresAt } } }',
    );
    expect(data).toEqual({
      file: {
        name: '/a',
        kind: 'FILE',
        download: {
          url: 'https://gateway.example.test/transfers/once',
          method: 'GET',
          expiresAt: '2026-12-01T00:00:00.000Z',
        },
      },
    });
    const { connection, action, input, name } = begin.mock.calls.at(-1)![0];
    expect([connection, action.name, name]).toEqual(['d1', 'get_content', '/a']);
    expect(input).toEqual({ place: '/a' });
  });

  it('is sent by what writes it', async () => {
    await ask('mutation { uploadFile(connection: "d1", input: { path: "/b", mediaType: "text/plain" }) { url } }');
    expect(begin.mock.calls.at(-1)![0]).toMatchObject({
      action: { name: 'put_content' },
      input: { path: '/b', media_type: 'text/plain', overwrite: true },
    });
  });

  it('is not served where nothing streams it', async () => {
    const query = '{ file(connection: "d1", path: "/a") { name download { url } } }';
    const { data, errors } = await ask(query, undefined, null);
    expect(data).toEqual({ file: { name: '/a', download: null } });
    expect(errors).toEqual([['file.download', 'NOT_SERVED', undefined]]);
  });
});

describe('scopes', () => {
  it('are those of the connector whose connection it is', async () => {
    const read = '{ file(connection: "d1", path: "/a") { name } }';
    expect((await ask(read, ['plugboard.read:drive'])).errors).toEqual([]);
    expect((await ask(read, ['plugboard.read:crm', 'plugboard.write'])).errors).toEqual([
      ['file', 'FORBIDDEN', 'plugboard.read:drive'],
    ]);
    const write = 'mutation { uploadFile(connection: "d1", input: { path: "/b" }) { url } }';
    expect((await ask(write, ['plugboard.read'])).errors).toEqual([
      ['uploadFile', 'FORBIDDEN', 'plugboard.write:drive'],
    ]);
  });
});

describe('an answer of the wrong shape', () => {
  it('fails its own field', async () => {
    const { data, errors } = await ask(
      '{ projects(connection: "d1") { nodes { id } } file(connection: "d1", path: "/a") { name } }',
    );
    expect(data).toEqual({ projects: null, file: { name: '/a' } });
    expect(errors).toEqual([['projects', 'PROVIDER_ANSWER_INVALID', undefined]]);
  });
});
