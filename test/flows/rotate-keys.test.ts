/** `plugboard keys rotate` beside a gateway that serves, and life without the old key afterwards. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../src/cli/command.ts';
import { parseKeys } from '../../src/connection/sealing-key.ts';
import { isSealed } from '../../src/connection/seal.ts';
import type { Connector } from '../../src/connector/definition.ts';
import {
  createCookieJar,
  startAuthorizationServer,
  type AuthorizationServer,
} from '../support/authorization-server.ts';
import { captureTerminal } from '../support/temporary-project.ts';
import { newSealingKey, returnUrl, startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';
import { openTestStore, storePlace } from '../support/test-store.ts';
import { until } from '../support/until.ts';

const oldKey = newSealingKey();
const newKey = newSealingKey();
const [newId, oldId] = parseKeys(`${newKey},${oldKey}`).map(({ id }) => id) as [string, string];

let server: AuthorizationServer;
let gateway: TenantGateway;
beforeEach(async () => {
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', clientSecret: 'secret' }] });
  gateway = await startTenantGateway({
    connectors: [items()],
    origins: [server.issuer],
    configuration: { key: oldKey },
  });
  const { data, errors } = await gateway.ask(
    `mutation { registerConnector(connector: "items", fields: { client_id: "app", client_secret: "secret" }) { redirectUri } }`,
  );
  expect(errors).toBeUndefined();
  await server.addRedirectUri('app', data.registerConnector.redirectUri);
});
afterEach(async () => {
  await gateway.close();
  await server.close();
});

function items(): Connector {
  return {
    name: 'items',
    connection: {
      baseUri: `${server.apiUrl}/`,
      fields: [{ name: 'note', controlType: 'password' }],
      authorization: { type: 'oauth2', issuer: server.issuer, scopes: ['openid', 'offline_access', 'items:read'] },
    },
    test: (connection) => connection.get('me'),
    actions: {
      list_items: {
        readOnly: true,
        list: true,
        output: [{ name: 'owner' }],
        execute: async (connection) => (await connection.get('items')).items,
      },
    },
  };
}

const connect =
  'mutation ($returnUrl: String) { connect(connector: "items", fields: { note: "n" }, returnUrl: $returnUrl) { authorizationUrl } }';
const finish = 'mutation ($code: String!) { finishConnection(code: $code) { id } }';

async function begin(subject: string): Promise<string> {
  const { data, errors } = await gateway.ask(connect, { returnUrl }, { subject });
  expect(errors).toBeUndefined();
  return data.connect.authorizationUrl;
}

/** As far as the application's page: what is left is to finish. */
async function allow(subject: string, link?: string): Promise<string> {
  const cookies = createCookieJar();
  const callback = await server.authorize(link ?? (await begin(subject)), { subject, cookies });
  const back = await fetch(callback, { redirect: 'manual', headers: { cookie: cookies.header(callback) } });
  return new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

async function connectAs(subject: string): Promise<void> {
  const { errors } = await gateway.ask(finish, { code: await allow(subject) }, { subject });
  expect(errors).toBeUndefined();
}

const owners = async (subject: string, asked = gateway) => {
  const { data, errors } = await asked.ask('{ itemsItems { owner } }', {}, { subject });
  return errors?.[0]?.extensions.code ?? data.itemsItems[0].owner;
};

function rotate(key: string, ...args: string[]) {
  return rotateWith({ key }, ...args);
}

async function rotateWith(keys: { key: string } | { keyFile: string }, ...args: string[]) {
  const terminal = captureTerminal();
  // Another file every time: modules are imported once.
  const config = join(gateway.folder, `plugboard.config.${randomUUID()}.mjs`);
  await writeFile(config, `export default ${JSON.stringify({ ...keys, store: storePlace(gateway.file) })};`);
  const code = await runCommand(['keys', 'rotate', '--config', config, ...args], terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

/** Ids of the keys that sealed what is in the store, by kind of record. */
async function keysInStore(): Promise<Record<string, string[]>> {
  const store = await openTestStore(gateway.file);
  const kinds = ['connection', 'registration', 'connect_session', 'oauth_flow', 'finish_code', 'revocation'];
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const text = JSON.stringify(await store.records.list(kind, {}));
      const sealed = [...text.matchAll(/sealed1\.[\w.-]+/g)].map(([one]) => one);
      expect(sealed.every(isSealed)).toBe(true);
      return [kind, [...new Set(sealed.map((one) => one.split('.')[1]!))].sort()];
    }),
  );
  await store.close();
  return Object.fromEntries(found) as Record<string, string[]>;
}

describe('plugboard keys rotate', () => {
  it('seals everything anew, what is under way too, so that the old key can go', async () => {
    await connectAs('alice');
    const parked = await allow('bob');
    const begun = await begin('carol');
    const cookies = createCookieJar();
    const callback = await server.authorize(await begin('dave'), { subject: 'dave', cookies });
    await connectAs('erin');
    await server.setFault('revocation', 'status-503');
    const { data } = await gateway.ask('{ connections { id } }', {}, { subject: 'erin' });
    const gone = await gateway.ask(
      `mutation { disconnect(connection: "${data.connections[0].id}") { revoked } }`,
      {},
      { subject: 'erin' },
    );
    expect(gone.data.disconnect.revoked).toBe(false);

    await gateway.restart({ key: `${newKey},${oldKey}` });
    const before = await keysInStore();
    expect(before).toEqual(Object.fromEntries(Object.keys(before).map((kind) => [kind, [oldId]])));
    const { code: exitCode, output, errors } = await rotate(`${newKey},${oldKey}`);
    expect([exitCode, output]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(
          `^(\\d+) of \\1 records were sealed anew under the key ${newId}\\.\nEvery stored secret is sealed with the key ${newId}: the older keys \\(${oldId}\\) can be removed\\.\n$`,
        ),
      ),
    ]);
    expect(errors).toContain('connection: ');
    expect(await keysInStore()).toEqual(Object.fromEntries(Object.keys(before).map((kind) => [kind, [newId]])));

    await gateway.restart({ key: newKey });
    expect(await owners('alice')).toBe('alice');
    expect((await gateway.ask(finish, { code: parked }, { subject: 'bob' })).errors).toBeUndefined();
    expect(await owners('bob')).toBe('bob');
    // The link and the answer carry the address of the gateway before it was restarted.
    const here = (url: string | URL) => new URL(new URL(url).pathname + new URL(url).search, gateway.url());
    const moved = await fetch(here(callback), { redirect: 'manual', headers: { cookie: cookies.header(callback) } });
    expect(new URL(moved.headers.get('location') ?? '').searchParams.get('code')).toMatch(/^[\w-]{43}$/);
    await server.addRedirectUri('app', here(`${callback.origin}${callback.pathname}`).href);
    const code = await allow('carol', here(begun).href);
    expect((await gateway.ask(finish, { code }, { subject: 'carol' })).errors).toBeUndefined();
    expect(await owners('carol')).toBe('carol');
  });

  it('keeps every query answered and every refreshed token while it runs', async () => {
    for (const subject of ['alice', 'bob', 'carol']) await connectAs(subject);
    await gateway.restart({ key: `${newKey},${oldKey}` });
    const before = await server.counters();
    const rotating = new AbortController();
    let rounds = 0;
    const answers: string[] = [];
    const load = async () => {
      do {
        await server.expireAccessTokens();
        const round = await Promise.all(['alice', 'bob', 'carol'].flatMap((who) => [owners(who), owners(who)]));
        answers.push(...round);
        rounds += 1;
      } while (!rotating.signal.aborted || rounds < 5);
    };
    const loading = load();
    const keys = [`${newKey},${oldKey}`, `${oldKey},${newKey}`];
    // There and back, so that there is something to seal whenever a token is refreshed.
    for (let turn = 0; turn < 12; turn += 1) await rotate(keys[turn % 2]!, '--json');
    rotating.abort();
    await loading;
    expect(new Set(answers)).toEqual(new Set(['alice', 'bob', 'carol']));
    const after = await server.counters();
    expect(after.refreshes - before.refreshes).toBe(rounds * 3);
    expect(after).toMatchObject({ reuseDetections: 0, grantsRevoked: 0 });
    expect((await rotate(`${newKey},${oldKey}`)).code).toBe(0);
    await gateway.restart({ key: newKey });
    expect(await Promise.all(['alice', 'bob', 'carol'].map((who) => owners(who)))).toEqual(['alice', 'bob', 'carol']);
  });

  it('loses nothing while gateways are restarted with a new key one after the other', async () => {
    await connectAs('alice');
    const next = await startTenantGateway({
      connectors: [items()],
      origins: [server.issuer],
      configuration: { key: `${newKey},${oldKey}` },
      beside: gateway,
    });
    await server.expireAccessTokens();
    expect(await owners('alice', next)).toBe('alice');
    expect(await owners('alice')).toBe('alice');
    expect((await keysInStore())['connection']).toEqual([oldId]);
    await gateway.restart({ key: `${newKey},${oldKey}` });
    await next.readKeysAgain();
    await server.expireAccessTokens();
    expect(await owners('alice', next)).toBe('alice');
    expect((await keysInStore())['connection']).toContain(newId);
    expect(await owners('alice')).toBe('alice');
    await next.close();
  });

  it('says when the older keys have to stay', async () => {
    await connectAs('alice');
    const unknown = await rotate(`${newKey},${oldKey}`);
    expect([unknown.code, unknown.errors]).toEqual([
      1,
      `SEAL_KEY_UNKNOWN: Nothing was sealed anew: the key ${newId} is not known to every gateway that runs. Give it, before the old one, to process ${process.pid} on ${hostname()}, and rotate again.\n`,
    ]);
    await gateway.restart({ key: `${newKey},${oldKey}` });
    const lost = await rotate(newKey);
    expect(lost.code).toBe(1);
    expect(lost.errors).toMatch(/SEAL_KEY_UNKNOWN: a secret of the connection [\w-]{36} cannot be opened\./);
    expect(lost.errors).toContain('Keep the older keys: these secrets need theirs.');
    // Nothing was lost by trying.
    expect(await owners('alice')).toBe('alice');
    expect(JSON.parse((await rotate(oldKey, '--json')).output)).toMatchObject({
      key: oldId,
      olderKeys: [],
      resealed: 0,
      failed: [],
      isComplete: true,
    });
  });
});

describe('two gateways on one store, each with a key file of its own', () => {
  let other: TenantGateway;
  let files: readonly [string, string];
  beforeEach(async () => {
    await connectAs('alice');
    await connectAs('bob');
    files = [join(gateway.folder, 'one.keys'), join(gateway.folder, 'other.keys')];
    for (const file of files) await writeFile(file, `${oldKey}\n`);
    const configured = (keyFile: string) => ({ key: undefined, keyFile }) as unknown as { keyFile: string };
    await gateway.restart(configured(files[0]));
    other = await startTenantGateway({
      connectors: [items()],
      origins: [server.issuer],
      configuration: configured(files[1]),
      beside: gateway,
    });
  });
  afterEach(() => other.close());

  const write = async (index: 0 | 1, ...keys: readonly string[]) => {
    await writeFile(files[index], keys.join('\n'));
    await [gateway, other][index]!.readKeysAgain();
  };
  const sealedWith = async () => (await keysInStore())['connection'];

  it('change the key without a restart and without a failed request, whatever file is written first', async () => {
    const before = await server.counters();
    const answers: string[] = [];
    /** Alice and Bob at both, with tokens that have to be renewed, twice at a time. */
    const ask = async () => {
      await server.expireAccessTokens();
      const all = ['alice', 'bob'].flatMap((who) => [gateway, other, gateway, other].map((one) => owners(who, one)));
      answers.push(...(await Promise.all(all)));
    };
    const isOver = new AbortController();
    let rounds = 0;
    const loading = (async () => {
      for (; !isOver.signal.aborted; rounds += 1) await ask();
    })();
    /** Every token has been renewed at least once since. */
    const renewed = async () => {
      const asked = rounds;
      await until(() => rounds >= asked + 2);
    };

    await write(0, newKey, oldKey);
    await renewed();
    expect(await sealedWith()).toEqual([oldId]);
    const { code, errors } = await rotateWith({ keyFile: files[0] });
    expect([code, errors]).toEqual([1, expect.stringContaining(`the key ${newId} is not known to every gateway`)]);

    await write(1, newKey, oldKey);
    await gateway.readKeysAgain();
    await renewed();
    // Tokens are sealed by it, and what was entered long ago is not.
    expect(await sealedWith()).toEqual([newId, oldId].sort());
    expect((await rotateWith({ keyFile: files[0] })).output).toContain(`the older keys (${oldId}) can be removed`);

    await write(0, newKey);
    await write(1, newKey);
    await gateway.readKeysAgain();
    await renewed();
    isOver.abort();
    await loading;
    expect(new Set(answers)).toEqual(new Set(['alice', 'bob']));
    const after = await server.counters();
    expect(after.refreshes - before.refreshes).toBe(rounds * 2);
    expect(after).toMatchObject({ reuseDetections: 0, grantsRevoked: 0 });
    expect(gateway.log()).toContain('Another sealing key seals from now on: every replica knows it');
    expect(gateway.log() + other.log()).not.toContain(newKey);
  });

  it('go on with their keys, and say so, when a file is written badly', async () => {
    await write(0, newKey.slice(0, 20));
    await write(0, '');
    expect(await owners('alice')).toBe('alice');
    const told = gateway
      .log()
      .split('\n')
      .filter((line) => line.includes('"code":"SEAL_KEY_INVALID"'));
    expect(told.map((line) => (JSON.parse(line) as { reason: string }).reason)).toEqual([
      `the key file ${files[0]}: expected 32 bytes; got 15. Make one with: openssl rand -base64 32`,
      `the key file ${files[0]}: expected a key of 32 bytes; got nothing. Make one with: openssl rand -base64 32`,
    ]);
    await rm(files[0]);
    await gateway.readKeysAgain();
    expect(await owners('bob')).toBe('bob');
    expect(gateway.log()).toContain(
      `the key file ${files[0]}: expected a file with the sealing keys, the current one first; reading it gave ENOENT. Make one with: openssl rand -base64 32`,
    );
  });
});
