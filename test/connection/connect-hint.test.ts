/** What an error says of how to connect. */
import { describe, expect, it } from '@jest/globals';
import {
  createConnectHint,
  linkByTemplate,
  linkToOwnPage,
  requestedScopes,
  scopesAgain,
} from '../../src/connection/connect-hint.ts';
import type { Connector } from '../../src/connector/definition.ts';

const oauth = (scopes: readonly string[]) => ({ type: 'oauth2' as const, issuer: 'https://shop.example', scopes });
const shop: Connector = { name: 'shop', connection: { authorization: oauth(['a', 'b']) } };

describe('what a subject is told to do', () => {
  it('names the connector alone where nobody said where it connects', () => {
    expect(createConnectHint()(shop)).toEqual({ connector: 'shop' });
  });

  it('carries the link and the scopes that are known', () => {
    const hint = createConnectHint(linkByTemplate('https://app.example/connect?to={connector}&scopes={scopes}'));
    expect(hint(shop, ['a', 'b&c'])).toEqual({
      connector: 'shop',
      url: 'https://app.example/connect?to=shop&scopes=a%20b%26c',
      scopes: ['a', 'b&c'],
    });
    expect(hint(shop)).toEqual({ connector: 'shop', url: 'https://app.example/connect?to=shop&scopes=' });
  });

  it('leads to our own page below the path of the base URL', () => {
    const link = linkToOwnPage(() => 'https://api.example/gateway');
    expect(link('shop', [])).toBe('https://api.example/gateway/connect/shop');
    expect(link('shop', ['a', 'b'])).toBe('https://api.example/gateway/connect/shop?scope=a+b');
  });

  it('asks again for what is always asked for and for what was granted', () => {
    expect(scopesAgain(shop, undefined, { scopes: ['b', 'c'] })).toEqual(['a', 'b', 'c']);
    expect(scopesAgain(shop, { scopes: ['x'] }, { scopes: ['c'] })).toEqual(['x', 'c']);
  });

  it('knows the scopes of every way to authorize', () => {
    const options = { one: oauth(['a']), other: oauth(['b']), key: { type: 'api_key' as const, apply: () => {} } };
    const authorization = { type: 'multi' as const, selected: () => 'one', options };
    expect(requestedScopes({ name: 'shop', connection: { authorization } })).toEqual(['a', 'b']);
    expect(requestedScopes({ name: 'shop' })).toEqual([]);
  });
});
