import { afterEach, describe, expect, it } from '@jest/globals';
import { bindingOf, isBoundTo } from '../../src/connection/connection-binding.ts';
import type { Endpoints, Registration } from '../../src/connection/registration.ts';
import { createRevocations, revocationKind } from '../../src/connection/revocation.ts';
import type { Connector } from '../../src/connector/definition.ts';
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
    expect(bindingOf(shop, registered(endpoints))).toEqual(expected);
  });

  it('is nothing of the operator’s, who may move', () => {
    const registration: Registration = { ...registered({ baseUri: 'https://sandbox.example.com/' }), id: undefined };
    expect(bindingOf(shop, registration)).toEqual([]);
    expect(bindingOf(shop, undefined)).toEqual([]);
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
      tokens: { access_token: 'a1', token_type: 'Bearer', refresh_token: 'r1', obtained_at: 0 },
      scopes: [],
      expiresAt: 1,
    });
    const moved = { ...desk.registration, endpoints: { tokenUrl: 'https://evil.example/token' } };
    const asked: string[] = [];
    const client = {
      tokenUrl: moved.endpoints.tokenUrl,
      scopes: [],
      canRevoke: true,
      refresh: async (token: string) => {
        asked.push(token);
        return { access_token: 'a2', token_type: 'Bearer', refresh_token: 'r2', expires_in: 3600 };
      },
      revoke: async (token: string) => void asked.push(token),
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
    await expect(held.refresh?.('a1')).rejects.toThrow(refused);
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
