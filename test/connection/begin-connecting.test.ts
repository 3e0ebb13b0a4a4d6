/** What an application may begin with, and what is asked of the subject then. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connector, MultiAuthorization } from '../../src/connector/definition.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { alice, openConnectingDesk, returnUrl, works, type ConnectingDesk } from '../support/connecting-desk.ts';
import { keyRing, redirectUri } from '../support/oauth-connection.ts';
import { createKeyRing } from '../../src/connection/seal.ts';
import { openFields } from '../../src/connection/connection-tokens.ts';

let server: AuthorizationServer;
let desk: ConnectingDesk;

beforeAll(async () => {
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
});
afterAll(() => server.close());
afterEach(() => desk?.close());

/** By OAuth for a region, or by a key with its number. */
function multi(): Partial<Connector> {
  const authorization: MultiAuthorization = {
    type: 'multi',
    selected: (fields) => fields.way,
    options: {
      login: {
        type: 'oauth2',
        issuer: server.issuer,
        scopes: ['items:read'],
        fields: [{ name: 'region', optional: false }],
      },
      key: { type: 'api_key', apply: () => {}, fields: [{ name: 'api_key', optional: false }, { name: 'region' }] },
    },
  };
  const fields = [
    {
      name: 'way',
      optional: false,
      pickList: [
        ['Login', 'login'],
        ['Key', 'key'],
      ] as const,
    },
  ];
  return { connection: { fields, authorization } };
}

async function open(connector?: Partial<Connector>, part = {}): Promise<void> {
  desk = await openConnectingDesk(server, {
    connector: { test: (connection) => connection.get('me'), ...connector },
    ...part,
  });
}

describe('a label', () => {
  it.each(['', '   ', 'a\nb', 'a\0b', '\u0085', 'x'.repeat(101)])(
    'is refused when nobody could read it: %j',
    async (label) => {
      await open();
      await expect(desk.begin({ label })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: 'label: expected 1–100 characters, not only spaces and no control characters; got another.',
      });
      expect(desk.changes).toEqual([]);
    },
  );

  it.each(['work', 'Ünï – 仕事', '🦊'.repeat(100)])('is any other: %j', async (label) => {
    await open();
    expect((await desk.begin({ label })).connection.value.label).toBe(label);
  });
});

describe('one owner', () => {
  it('has one connection to a connector for each label, however many begin at once', async () => {
    await open();
    const { id } = await desk.connectAs({ subject: 'alice' });
    await expect(desk.begin()).rejects.toMatchObject({
      code: 'CONNECTION_EXISTS',
      message: 'There is a connection for shop already. Use `reconnect` for it, or give the new one a `label`.',
    });
    const begun = await Promise.allSettled(Array.from({ length: 8 }, () => desk.begin({ label: 'work' })));
    for (const one of begun) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'CONNECTION_EXISTS' });
    }
    const tenants = await desk.begin({ owner: 'TENANT' });
    const bobs = await desk.begin({}, { ...alice, subject: 'bob' });
    const labels = (await desk.stored.list(alice)).map(({ value }) => value.label);
    expect([labels.length, labels.filter((label) => label === 'work').length]).toEqual([3, 1]);
    expect(new Set([id, tenants.connection.id, bobs.connection.id]).size).toBe(3);
  });

  it('is a subject that was named, unless it is the tenant', async () => {
    await open();
    const nobody = { tenant: 'acme', scopes: alice.scopes, subject: undefined };
    await expect(desk.begin({}, nobody)).rejects.toMatchObject({
      code: 'SUBJECT_REQUIRED',
      message:
        'owner: a connection of a subject needs a subject: name one (X-External-Subject-Id), or connect for the TENANT.',
    });
    expect(desk.changes).toEqual([]);
    expect((await desk.begin({ owner: 'TENANT' }, nobody)).connection.value.subject).toBeNull();
  });
});

describe('connections that nobody finishes', () => {
  it('are 50 of one owner: the oldest goes when another is begun', async () => {
    await open();
    const ids: string[] = [];
    for (let count = 0; count < 52; count++) ids.push((await desk.begin({ label: `no. ${count}` })).connection.id);
    const bobs = await desk.begin({}, { ...alice, subject: 'bob' });
    const left = (await desk.stored.list(alice)).map(({ id }) => id);
    expect(new Set(left)).toEqual(new Set(ids.slice(2)));
    expect(await desk.stored.find({ ...alice, subject: 'bob' }, bobs.connection.id)).toBeDefined();
    expect(desk.changes.filter(({ to }) => to === 'DELETED').map(({ connection }) => connection)).toEqual(
      ids.slice(0, 2),
    );
  });

  it('cost no connection that works, and a link that is begun again costs nothing', async () => {
    await open();
    const { id } = await desk.connectAs({ subject: 'alice' });
    for (let count = 0; count < 51; count++) await desk.begin({ label: 'the same' });
    for (let count = 0; count < 50; count++) await desk.begin({ label: `no. ${count}` });
    expect((await desk.stored.find(alice, id))?.value.state).toBe('STARTED');
  });
});

describe('a connector with several ways to authorize', () => {
  it('asks for the fields of all ways, and requires those of the one that was chosen', async () => {
    await open(multi());
    const begun = await desk.begin();
    const token = new URL(begun.authorizationUrl!).searchParams.get('session')!;
    const first = await desk.connecting.openSession('shop', token, 'browser');
    expect(first.step === 'form' && first.notation.map(({ name }) => name)).toEqual(['way', 'region', 'api_key']);
    const post = (values: Record<string, string>) => desk.connecting.submitSession('shop', token, 'browser', values);
    for (const [values, missing] of [
      [{ way: 'login' }, ['region']],
      [{ way: 'login', region: ' ' }, ['region']],
      [{ way: 'key', region: 'eu' }, ['api_key']],
      [{}, ['way']],
    ] as const) {
      const step = await post(values);
      expect([values, step.step === 'form' ? Object.keys(step.problems) : []]).toEqual([values, missing]);
    }
  });

  it('keeps the way and its fields when it is connected again', async () => {
    await open(multi());
    const record = await desk.connectAs({ subject: 'alice' }, { fields: { way: 'login', region: 'eu' } });
    const again = await desk.reconnectAs(record.id, { subject: 'alice' });
    expect(openFields(again, 'fields', keyRing)).toEqual({ way: 'login', region: 'eu' });
  });

  it('is connected again although its key was lost', async () => {
    const other = createKeyRing([{ id: 'other', key: Buffer.alloc(32, 9) }]);
    await open(undefined);
    const record = await desk.connectAs({ subject: 'alice' });
    const edit = { fields: other.seal('{}', ['x']), tokens: other.seal('{}', ['x']) };
    await desk.stored.change(record, edit);
    const again = await desk.connecting.beginAgain(alice, record.id, { returnUrl });
    const code = desk.answerOf(await desk.browse(again)).get('code')!;
    expect(await works(desk, await desk.connecting.finish(alice, code))).toBe(true);
  });
});

describe('what is entered', () => {
  it('is refused with a NUL in it', async () => {
    const connection = { fields: [{ name: 'api_key' }], authorization: { type: 'api_key' as const, apply: () => {} } };
    await open({ connection });
    await expect(desk.begin({ fields: { api_key: 'a\0b' } })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: 'fields.api_key: expected a text without the sign NUL; got one with it.',
    });
  });
});
