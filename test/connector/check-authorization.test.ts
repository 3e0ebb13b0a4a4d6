import { describe, expect, it } from '@jest/globals';
import { checkConnector } from '../../src/connector/check-connector.ts';
import { formatFault } from '../../src/errors.ts';

const apply = () => {};
const url = 'https://auth.example.com/';
const at = 'AUTHORIZATION_INVALID: shop.connection.authorization';

function faultsOf(authorization: unknown): string[] {
  return checkConnector({ name: 'shop', connection: { authorization } }, () => {}).map(formatFault);
}

describe('the authorization', () => {
  it('has a type that is known', () => {
    const expected = 'expected one of api_key, basic, custom, oauth2, multi, none';
    expect(faultsOf({})).toEqual([`${at}.type: ${expected}; got nothing.`]);
    expect(faultsOf({ type: 'oauth' })).toEqual([`${at}.type: ${expected}; got "oauth".`]);
    expect(faultsOf({ type: 'constructor' })).toEqual([`${at}.type: ${expected}; got "constructor".`]);
    expect(faultsOf({ type: ['none'] })).toEqual([`${at}.type: ${expected}; got ["none"].`]);
  });

  it.each(['api_key', 'custom'])('of type %s needs apply', (type) => {
    expect(faultsOf({ type })).toEqual([`${at}.apply: expected a function; got nothing.`]);
    expect(faultsOf({ type, apply: 'header' })).toEqual([`${at}.apply: expected a function; got "header".`]);
  });

  it.each(['basic', 'none'])('of type %s needs nothing more', (type) => {
    expect(faultsOf({ type })).toEqual([]);
  });

  it('names the fields of basic', () => {
    expect(faultsOf({ type: 'basic', userField: 1, passwordField: '' })).toEqual([
      `${at}.userField: expected a string; got 1.`,
      `${at}.passwordField: expected a string; got "".`,
    ]);
  });

  it('refuses matchers that match nothing, and patterns that are too long', () => {
    expect(faultsOf({ type: 'none', refreshOn: 401, detectOn: [null] })).toEqual([
      `${at}.refreshOn: expected a list of statuses, texts and patterns; got 401.`,
      `${at}.detectOn: expected a list of statuses, texts and patterns; got a list of 1.`,
    ]);
    expect(faultsOf({ type: 'none', detectOn: [/a/, new RegExp('a'.repeat(300))] })).toEqual([
      `${at}.detectOn[1]: expected a pattern of at most 256 characters; got 300.`,
    ]);
  });

  it('of type custom takes acquire', () => {
    expect(faultsOf({ type: 'custom', apply, acquire: 'x' })).toEqual([`${at}.acquire: expected a function; got "x".`]);
    expect(faultsOf({ type: 'custom', apply, acquire: apply })).toEqual([]);
  });
});

describe('oauth2', () => {
  it('takes all of its keys', () => {
    const all = {
      type: 'oauth2',
      grant: 'authorization_code',
      issuer: url,
      authorizationUrl: () => url,
      tokenUrl: url,
      deviceAuthorizationUrl: url,
      revocationUrl: url,
      clientId: 'id',
      clientSecret: () => 'secret',
      scopes: ['read'],
      pkce: true,
      acquire: apply,
      refresh: apply,
      noopener: true,
      apply,
      identity: apply,
      refreshOn: [401],
      detectOn: ['expired'],
    };
    expect(faultsOf(all)).toEqual([]);
  });

  it('names every key with a value of another kind', () => {
    const wrong = {
      type: 'oauth2',
      grant: 1,
      issuer: 2,
      authorizationUrl: 3,
      tokenUrl: 4,
      deviceAuthorizationUrl: 5,
      revocationUrl: 6,
      clientId: 7,
      clientSecret: [8],
      scopes: 'read',
      pkce: 'S256',
      acquire: 9,
      refresh: 10,
      noopener: 11,
      identity: 12,
    };
    expect(faultsOf(wrong)).toEqual([
      `${at}.identity: expected a function; got 12.`,
      `${at}.grant: expected a string; got 1.`,
      `${at}.issuer: expected a string; got 2.`,
      `${at}.authorizationUrl: expected a string or a function; got 3.`,
      `${at}.tokenUrl: expected a string or a function; got 4.`,
      `${at}.deviceAuthorizationUrl: expected a string or a function; got 5.`,
      `${at}.revocationUrl: expected a string or a function; got 6.`,
      `${at}.clientId: expected a string or a function; got 7.`,
      `${at}.clientSecret: expected a string or a function; got a list.`,
      `${at}.scopes: expected a list of texts; got "read".`,
      `${at}.pkce: expected true, false or a function; got "S256".`,
      `${at}.acquire: expected a function; got 9.`,
      `${at}.refresh: expected a function; got 10.`,
      `${at}.noopener: expected true or false; got 11.`,
    ]);
  });

  it('never shows a secret that stands where it does not belong', () => {
    expect(faultsOf({ type: 'oauth2', issuer: url, clientSecret: ['canary-secret'] }).join()).not.toContain('canary');
  });

  it('has a grant that is known', () => {
    expect(faultsOf({ type: 'oauth2', grant: 'password', issuer: url })).toEqual([
      `${at}.grant: expected one of authorization_code, client_credentials, device_code; got "password".`,
    ]);
  });

  it.each([
    [undefined, ['authorizationUrl', 'tokenUrl'], 'authorization_code'],
    ['client_credentials', ['tokenUrl'], 'client_credentials'],
    ['device_code', ['deviceAuthorizationUrl', 'tokenUrl'], 'device_code'],
  ])('of grant %s needs its URLs, or an issuer', (grant, urls, name) => {
    expect(faultsOf({ type: 'oauth2', grant })).toEqual(
      urls.map(
        (key) => `${at}.${key}: expected a URL, or an issuer to discover it from, for the grant ${name}; got nothing.`,
      ),
    );
    expect(faultsOf({ type: 'oauth2', grant, issuer: url })).toEqual([]);
    expect(faultsOf({ type: 'oauth2', grant, ...Object.fromEntries(urls.map((key) => [key, url])) })).toEqual([]);
  });

  it('needs no tokenUrl where acquire exchanges the code', () => {
    expect(faultsOf({ type: 'oauth2', authorizationUrl: url, acquire: apply })).toEqual([]);
  });

  it('always uses PKCE', () => {
    expect(faultsOf({ type: 'oauth2', issuer: url, pkce: false })).toEqual([
      `${at}.pkce: expected nothing or true: every code flow uses PKCE (RFC 9700 §2.1.1); got false.`,
    ]);
  });
});

describe('multi', () => {
  it('needs a choice and options', () => {
    expect(faultsOf({ type: 'multi' })).toEqual([
      `${at}.selected: expected a function; got nothing.`,
      `${at}.options: expected an object; got nothing.`,
    ]);
    expect(faultsOf({ type: 'multi', selected: apply, options: {} })).toEqual([
      `${at}.options: expected at least one option; got none.`,
    ]);
  });

  it('checks each option, and takes no multi inside', () => {
    const options = { a: 'none', b: { type: 'multi' }, c: { type: 'api_key', fields: [{}] }, d: { type: 'x' } };
    expect(faultsOf({ type: 'multi', selected: apply, options })).toEqual([
      `${at}.options.a: expected an authorization of one of the other types; got "none".`,
      `${at}.options.b: expected an authorization of one of the other types; got "multi".`,
      'NOTATION_FIELD_NAME: shop.connection.authorization.options.c.fields[0].name: expected a name; got nothing.',
      `${at}.options.c.apply: expected a function; got nothing.`,
      `${at}.options.d.type: expected one of api_key, basic, custom, oauth2, multi, none; got "x".`,
    ]);
  });
});
