import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../src/cli/command.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { captureTerminal } from '../support/temporary-project.ts';
import { storePlace } from '../support/test-store.ts';

const connector = (name: string): Connector => ({
  name,
  actions: {
    ping: { readOnly: true, output: [{ name: 'pong' }], execute: () => ({ pong: name }) },
    poke: { output: [{ name: 'pong' }], execute: () => ({ pong: name }) },
  },
});

let folder: string;
let gateways: Gateway[];
let urls: string[];
let log: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callers-'));
  log = '';
  const store = storePlace(join(folder, 'store.sqlite'));
  process.env['PLUGBOARD_STORE'] = store;
  const key = randomBytes(32).toString('base64');
  const start = () =>
    createGateway({
      connectors: [connector('one'), connector('two')],
      environment: {},
      logDestination: { write: (line) => void (log += line) },
      configuration: { port: 0, logLevel: 'trace', explorer: false, baseUrl: 'https://gateway.example', key, store },
    });
  gateways = [await start(), await start()];
  urls = await Promise.all(gateways.map(async (gateway) => (await gateway.listen()).url));
});
afterEach(async () => {
  delete process.env['PLUGBOARD_STORE'];
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await rm(folder, { recursive: true });
});

async function keys(...args: string[]): Promise<string> {
  const terminal = captureTerminal();
  expect([await runCommand(['keys', ...args], terminal), terminal.errors()]).toEqual([0, '']);
  return terminal.output();
}

async function ask(url: string, credentials: string | undefined, query: string) {
  const authorization = credentials === undefined ? undefined : { authorization: `Bearer ${credentials}` };
  const headers = { 'content-type': 'application/json', ...authorization };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return { status: response.status, body: (await response.json()) as any };
}

describe('a caller of two replicas', () => {
  it('gets what its key allows, trades it for a token, and nothing more once the key is revoked', async () => {
    const [first, second] = urls as [string, string];
    const key = JSON.parse(await keys('create', '--name', 'app', '--scopes', 'plugboard.read:one', '--json'));
    expect((await ask(first, undefined, '{ onePing { pong } }')).status).toBe(401);
    for (const url of urls) {
      const { body } = await ask(url, key.text, '{ onePing { pong } twoPing { pong } }');
      expect(body.data).toEqual({ onePing: { pong: 'one' }, twoPing: null });
      expect(body.errors.map(({ path, extensions }: any) => [path, extensions])).toEqual([
        [['twoPing'], { code: 'FORBIDDEN', scope: 'plugboard.read:two', connector: 'two' }],
      ]);
    }
    expect((await ask(first, key.text, 'mutation { onePoke { pong } }')).body.data).toEqual({ onePoke: null });

    const answer = await fetch(`${first}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    expect((await ask(second, token, '{ onePing { pong } }')).body).toEqual({ data: { onePing: { pong: 'one' } } });

    await keys('revoke', key.id);
    const revokedAt = performance.now();
    for (const url of urls) {
      for (const credentials of [key.text, token]) {
        while ((await ask(url, credentials, '{ onePing { pong } }')).status !== 401) await turn();
      }
    }
    expect(performance.now() - revokedAt).toBeLessThan(5_000);
    for (const secret of [key.secret, key.text, token]) expect(log).not.toContain(secret);
  });
});

describe('a gateway in production', () => {
  it('shows its schema to callers with the scope alone, without being told to', async () => {
    const gateway = await createGateway({
      connectors: [connector('one')],
      environment: {},
      logDestination: { write: () => {} },
      configuration: {
        port: 0,
        production: true,
        key: randomBytes(32).toString('base64'),
        store: storePlace(join(folder, 'store.sqlite')),
      },
    });
    gateways.push(gateway);
    const { url } = await gateway.listen();
    const query = '{ __schema { queryType { name } } }';
    const scopesAndCodes = [
      ['plugboard.read,plugboard.write,plugboard.admin', 'FORBIDDEN'],
      ['plugboard.introspect', undefined],
    ] as const;
    for (const [scopes, code] of scopesAndCodes) {
      const key = JSON.parse(await keys('create', '--name', scopes, '--scopes', scopes, '--json'));
      const { body } = await ask(url, key.text, query);
      expect(body.errors?.[0].extensions.code).toBe(code);
      expect(body.data?.__schema === undefined).toBe(code !== undefined);
    }
  });
});
