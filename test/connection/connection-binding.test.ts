import { afterEach, describe, expect, it } from '@jest/globals';
import { bindingOf, isBoundTo, isStillBound, rebound } from '../../src/connection/connection-binding.ts';
import type { Endpoints, Registration } from '../../src/connection/registration.ts';
import { createRevocations, revocationKind } from '../../src/connection/revocation.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { Secret } from '../../src/http/secret.ts';
import { keyRing, openOAuthDesk, type OAuthDesk } from '../support/oauth-connection.ts';

const shop: Connector = {
  name: 'shop',
  title: 'Shop',
  connection: {
    baseUri: 'https://api.example.com/v1/',
    authorization: { type: 'oauth2', issuer: 'https://login.example.com' },
  },
};

function registered(endpoints: Endpoints, id: string | undefined = 'r1'): Registration {
  return { id, tenant: 'acme', connector: 'shop', fields: {}, scopes: undefined, endpoints };
}

describe('what a connection is bound to', () => {
  it.each<[string, Endpoints, readonly string[]]>([
    ['nothing where nothing was chosen', {}, []],
    [
      'nothing at the connector’s own hosts',
      { baseUri: 'https://api.example.com/v2/', tokenUrl: 'https://login.example.com/t' },
      [],
    ],
    ['the host of requests', { baseUri: 'https://sandbox.example.com/v1/' }, ['requests https://sandbox.example.com']],
    [
      'every host of tokens, once',
      { revocationUrl: 'https://b.example/r', tokenUrl: 'https://a.example/t', issuer: 'https://b.example' },
      ['tokens https://a.example', 'tokens https://b.example'],
    ],
    ['no page that the subject is only shown', { authorizationUrl: 'https://a.example/' }, []],
  ])('is %s', (_what, endpoints, expected) => {
    return expect(bindingOf(shop, registered(endpoints), {})).resolves.toEqual(expected);
  });

  it('is nothing of the operator’s, who may move', async () => {
    const registration: Registration = { ...registered({ baseUri: 'https://sandbox.example.com/' }), id: undefined };
    expect(await bindingOf(shop, registration, {})).toEqual([]);
    expect(await bindingOf(shop, undefined, {})).toEqual([]);
  });

  it('is neither another host, nor a host for something else, nor none', () => {
    const boundTo = ['requests https://a.example'];
    const fits = (endpoints: Endpoints) => isBoundTo({ boundTo }, shop, registered(endpoints));
    expect(fits({ baseUri: 'https://a.example/other/' })).toBe(true);
    expect(fits({ baseUri: 'https://a.example:8443/' })).toBe(false);
    expect(fits({ tokenUrl: 'https://a.example/' })).toBe(false);
    expect(fits({})).toBe(false);
    expect(isBoundTo({}, shop, registered({}))).toBe(true);
  });
});

describe('what a connection is bound to where the host hangs on what was registered', () => {
  const hosted: Connector = {
    name: 'hosted',
    registration: { fields: [{ name: 'host' }, { name: 'app_secret' }] },
    connection: {
      fields: [{ name: 'token' }],
      baseUri: async ({ host, instance }) => `https://${instance ?? host}/v1/`,
      hosts: ['a.example', '*.b.example'],
      authorization: { type: 'custom' },
    },
  };
  const at = (host: string, more: Partial<Registration> = {}): Registration => ({
    ...registered({}),
    connector: 'hosted',
    fields: { host, app_secret: 's' },
    ...more,
  });

  it('is where it leads, whatever else was registered', async () => {
    const boundTo = await bindingOf(hosted, at('a.example'), { token: 't' });
    expect(boundTo).toEqual(['at https://a.example']);
    const fits = (registration: Registration) => isStillBound({ boundTo }, hosted, registration, { token: 't' });
    expect(await fits(at('a.example', { fields: { host: 'a.example', app_secret: 'another' } }))).toBe(true);
    expect(await fits(at('x.b.example'))).toBe(false);
    expect(await fits(at('no host'))).toBe(false);
    expect(await fits(at('a.example', { endpoints: { baseUri: 'https://a.example/' } }))).toBe(false);
  });

  it('is the operator’s to change, until a tenant registers', async () => {
    const ofOperator = { id: undefined };
    const boundTo = await bindingOf(hosted, at('a.example', ofOperator), {});
    const fits = (registration: Registration) => isStillBound({ boundTo }, hosted, registration, {});
    expect(await fits(at('x.b.example', ofOperator))).toBe(true);
    expect(await fits(at('a.example'))).toBe(true);
    expect(await fits(at('x.b.example'))).toBe(false);
  });

  it('is no host that the connector takes from nobody', async () => {
    await expect(bindingOf(hosted, at('evil.example'), {})).rejects.toMatchObject({
      code: 'ENDPOINT_REFUSED',
      message: 'fields: expected a host of hosted, one of a.example, *.b.example; got another.',
    });
    expect(await bindingOf(hosted, at('evil.example', { id: undefined }), {})).toEqual(['at https://evil.example']);
  });

  it('moves with what the provider gives, and not where it did not fit before', async () => {
    const boundTo = await bindingOf(hosted, at('a.example'), {});
    const fields = { before: {}, after: { instance: 'x.b.example' } };
    expect(await rebound({ boundTo }, hosted, at('a.example'), fields)).toEqual(['at https://x.b.example']);
    expect(await rebound({ boundTo }, hosted, at('evil.example'), fields)).toEqual(boundTo);
  });

  it('is nowhere until it can be worked out', async () => {
    const late: Connector = { ...hosted, connection: { ...hosted.connection, baseUri: ({ url }) => url as string } };
    expect(await bindingOf(late, at('a.example'), {})).toEqual([]);
    expect(await bindingOf(late, at('a.example'), { url: 'https://a.example/' })).toEqual(['at https://a.example']);
  });

  it('is all that was registered in the clear where the connector names no host at all', async () => {
    const anywhere: Connector = { ...hosted, connection: { authorization: { type: 'custom' } } };
    const boundTo = await bindingOf(anywhere, at('a.example'), {});
    const fits = (host: string, secret: string) =>
      isBoundTo({ boundTo }, anywhere, at(host, { fields: { host, app_secret: secret } }));
    expect(fits('a.example', 'another')).toBe(true);
    expect(fits('b.example', 's')).toBe(false);
  });
});

describe('tokens of a connection whose tenant has chosen another token endpoint', () => {
  let desk: OAuthDesk | undefined;
  afterEach(async () => {
    await desk?.close();
    desk = undefined;
  });
  const open = async () => {
    const authorize = () => Promise.reject(new Error('Nobody signs in here.'));
    desk = await openOAuthDesk({ issuer: 'https://auth.example.test', authorize });
    const record = await desk.connect({
      tokens: {
        access_token: new Secret('a1'),
        token_type: 'Bearer',
        refresh_token: new Secret('r1'),
        obtained_at: 0,
      },
      scopes: [],
      expiresAt: 1,
    });
    const moved = { ...desk.registration, endpoints: { tokenUrl: 'https://evil.example/token' } };
    const asked: string[] = [];
    const client = {
      tokenUrl: moved.endpoints.tokenUrl,
      scopes: [],
      canRevoke: true,
      refresh: async (token: Secret) => {
        asked.push(token.reveal());
        return {
          access_token: new Secret('a2'),
          token_type: 'Bearer',
          refresh_token: new Secret('r2'),
          expires_in: 3600,
        };
      },
      revoke: async (token: Secret) => void asked.push(token.reveal()),
    };
    return { desk, record, moved, asked, clients: async () => client as never };
  };
  const refused =
    'Shop is registered at other hosts than this connection was made for, and its credentials are not sent there. Connect it again.';

  it('are not used, and the subject is told to connect again', async () => {
    const { desk, record, moved, asked, clients } = await open();
    const credentials = desk.credentials({ clients });
    const { connector } = desk;
    let thrown: any;
    try {
      credentials.of({ record, connector, registration: moved });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'REAUTH_REQUIRED', message: refused });
    expect(thrown.extensions.connect).toMatchObject({ connector: 'shop' });
    expect(() => credentials.refreshIdle({ record, connector, registration: moved })).toThrow(refused);
    expect(asked).toEqual([]);
  });

  it('are not renewed by who holds them open while another is connected', async () => {
    const { desk, record, asked, clients } = await open();
    const { connector, registration } = desk;
    const held = desk.credentials({ clients }).of({ record, connector, registration });
    const boundTo = ['tokens https://evil.example'];
    await desk.store.records.compareAndSet('connection', record.id, record.version, { ...record.value, boundTo });
    await expect(held.refresh?.(new Secret('a1'))).rejects.toThrow(refused);
    expect(asked).toEqual([]);
  });

  it('are not taken back there, but later where they came from', async () => {
    const { desk, record, moved, asked, clients } = await open();
    let registration: Registration = moved;
    let now = Date.now();
    const { connector, store } = desk;
    const resolve = async () => ({ connector, registration });
    const revocations = createRevocations({ records: store.records, keyRing, clients, resolve, now: () => now });
    expect(await revocations.carryOut(revocations.plan(record, connector)!)).toBe(false);
    expect(asked).toEqual([]);
    registration = desk.registration;
    now += 3_600_000;
    expect(await revocations.sweep()).toEqual({ done: 1, left: 0 });
    expect(asked).toEqual(['r1', 'a1']);
    expect(await store.records.list(revocationKind, {})).toEqual([]);
  });
});
