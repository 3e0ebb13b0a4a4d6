import { describe, expect, it } from '@jest/globals';
import { checkConfiguration } from '../src/check-configuration.ts';
import { defineConfig } from '../src/configuration.ts';
import { DefinitionError, formatFault } from '../src/errors.ts';

const canary = 'canary-3f9a27';

function faultsOf(value: unknown): string[] {
  try {
    checkConfiguration(value, 'plugboard.config.ts');
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults.map(formatFault);
    throw error;
  }
  return [];
}

describe('checkConfiguration', () => {
  it('takes an empty one, and one with everything', () => {
    expect(checkConfiguration({})).toEqual({});
    const everything = defineConfig({
      connectors: ['connectors', 'more'],
      host: '::1',
      port: 0,
      insecureDev: false,
      connections: [{ connector: 'shop', subject: 'ada', label: 'work', fields: { token: { env: 'T' }, n: 1 } }],
      registrations: [{ connector: 'shop', baseUri: 'https://sandbox.example.com/' }],
      key: 'sixteen signs or more',
      production: true,
      introspection: true,
      explorer: false,
      logLevel: 'debug',
      timeZone: 'Europe/Berlin',
      facades: { connctd: { finishInBrowser: true } },
      limits: { bodyBytes: 1, tokens: 1, depth: 1, aliases: 1, directives: 1, rootFields: 1, operationMs: 1, first: 1 },
      subscriptions: {
        maxOperationsPerSocket: 1,
        maxSocketsPerSubject: 1,
        initTimeoutMs: 1,
        keepAliveMs: 1,
        allowedOrigins: ['https://app.example.com'],
        maxBufferedBytes: 1,
        eventTimeoutMs: 1,
      },
      http: {
        allowedPrivateOrigins: ['http://127.0.0.1:4010'],
        allowHttp: true,
        totalTimeoutMs: 1,
        maxAnswerBytes: 1,
        maxRequestsPerCall: 1,
        maxRequestsPerOperation: 1,
        shareReads: false,
      },
    });
    expect(checkConfiguration(everything)).toEqual(everything);
  });

  it.each([
    [null, 'null'],
    ['x', 'a string'],
    [[], 'a list'],
    [() => ({}), 'a function'],
  ])('is an object, not %p', (value, got) => {
    expect(faultsOf(value)).toEqual([`CONFIGURATION_INVALID: plugboard.config.ts: expected an object; got ${got}.`]);
  });

  it('lets browsers finish only where nobody is asked for credentials', () => {
    expect(checkConfiguration({ insecureDev: true, finishInBrowser: true })).toMatchObject({ finishInBrowser: true });
    expect(faultsOf({ finishInBrowser: true })).toEqual([
      expect.stringMatching(
        /^CONFIGURATION_INVALID: plugboard\.config\.ts\.finishInBrowser: expected it only with insecureDev/,
      ),
    ]);
  });

  it('takes sealing keys from one place only', () => {
    expect(faultsOf({ key: 'sixteen signs or more', keyFile: 'keys' })).toEqual([
      'CONFIGURATION_INVALID: plugboard.config.ts.keyFile: expected the sealing keys in one place; got both `key` and `keyFile`. Keep the file: its keys can be changed without a restart.',
    ]);
  });

  it.each(['https://app.example/{connector}/{other}', 'app.example/{connector}', 'javascript:{connector}', ''])(
    'refuses %j as the place to connect',
    (connectUrl) => {
      expect(faultsOf({ connectUrl })).toEqual([
        expect.stringContaining(
          'connectUrl: expected an http or https URL, with no placeholders but {connector} and {scopes}',
        ),
      ]);
    },
  );

  it('tells every fault at once', () => {
    const wrong = {
      connectors: 7,
      host: '',
      port: '4000',
      logLevel: 'loud',
      timeZone: 'Berlin',
      key: 'short',
      explorer: 'yes',
      limits: { depth: 0, tokens: 1.5 },
      http: { allowedPrivateOrigins: 'http://127.0.0.1', totalTimeoutMs: -1 },
      connections: [{ subject: 'ada' }, 'shop'],
      registrations: [{ connector: 'shop', baseUri: 'sandbox' }],
    };
    expect(faultsOf(wrong)).toEqual([
      'CONFIGURATION_INVALID: plugboard.config.ts.connectors: expected a string or a list of strings; got 7.',
      'CONFIGURATION_INVALID: plugboard.config.ts.host: expected a text; got an empty string.',
      'CONFIGURATION_INVALID: plugboard.config.ts.port: expected a number; got a string.',
      'CONFIGURATION_INVALID: plugboard.config.ts.connections[0].connector: expected a string; got nothing.',
      'CONFIGURATION_INVALID: plugboard.config.ts.connections[1]: expected an object; got a string.',
      'CONFIGURATION_INVALID: plugboard.config.ts.registrations[0].baseUri: expected an absolute http or https URL; got a string that is none.',
      'CONFIGURATION_INVALID: plugboard.config.ts.key: expected at least 16 characters; got fewer.',
      'CONFIGURATION_INVALID: plugboard.config.ts.explorer: expected true or false; got a string.',
      'CONFIGURATION_INVALID: plugboard.config.ts.logLevel: expected one of trace, debug, info, warn, error, silent; got a string that is none.',
      'CONFIGURATION_INVALID: plugboard.config.ts.timeZone: expected the IANA name of a time zone, e.g. Europe/Berlin; got a string that is none.',
      'CONFIGURATION_INVALID: plugboard.config.ts.limits.tokens: expected a whole number; got 1.5.',
      'CONFIGURATION_INVALID: plugboard.config.ts.limits.depth: expected a number above 0; got 0.',
      'CONFIGURATION_INVALID: plugboard.config.ts.http.allowedPrivateOrigins: expected a list; got a string.',
      'CONFIGURATION_INVALID: plugboard.config.ts.http.totalTimeoutMs: expected a number above 0; got -1.',
    ]);
  });

  it.each([
    [{ registrations: [{ connector: 'shop', baseUri: 'ftp://x' }] }, 'registrations[0].baseUri'],
    [{ registrations: [{ connector: 'shop', tokenUrl: 'mailto:a@b' }] }, 'registrations[0].tokenUrl'],
    [{ baseUrl: 'file:///etc' }, 'baseUrl'],
  ])('takes only URLs that can be asked: %j', (value, path) => {
    expect(faultsOf(value)).toEqual([
      `CONFIGURATION_INVALID: plugboard.config.ts.${path}: expected an absolute http or https URL; got a string that is none.`,
    ]);
  });

  it.each([
    'http://127.0.0.1:4999/path',
    'http://127.0.0.1:4999/?x',
    'http://me@127.0.0.1',
    '127.0.0.1:4999',
    'ftp://x',
  ])('takes no %s for an origin', (origin) => {
    expect(faultsOf({ http: { allowedPrivateOrigins: ['http://127.0.0.1:4999/', origin] } })).toEqual([
      'CONFIGURATION_INVALID: plugboard.config.ts.http.allowedPrivateOrigins[1]: expected an origin such as http://127.0.0.1:4010; got a string that is none.',
    ]);
  });

  it('bounds sockets and event streams by numbers that timers know, and by exact origins', () => {
    const subscriptions = { keepAliveMs: 2 ** 31, initTimeoutMs: 0, allowedOrigins: ['*'], maxSockets: 1 };
    expect(faultsOf({ subscriptions })).toEqual([
      'CONFIGURATION_INVALID: plugboard.config.ts.subscriptions.initTimeoutMs: expected a number above 0; got 0.',
      'CONFIGURATION_INVALID: plugboard.config.ts.subscriptions.keepAliveMs: expected at most 2147483647; got 2147483648.',
      'CONFIGURATION_INVALID: plugboard.config.ts.subscriptions.allowedOrigins[0]: expected an origin such as http://127.0.0.1:4010; got a string that is none.',
      expect.stringMatching(
        /^CONFIGURATION_INVALID: plugboard\.config\.ts\.subscriptions\.maxSockets: this key is not known/,
      ),
    ]);
  });

  it('names unknown keys on every level, and what was meant', () => {
    expect(
      faultsOf({
        prt: 1,
        zzz: 2,
        limits: { dept: 1 },
        connections: [{ connector: 'a', feilds: {} }],
        http: { alowHttp: true },
      }),
    ).toEqual([
      'CONFIGURATION_INVALID: plugboard.config.ts.connections[0].feilds: this key is not known (did you mean "fields"?); expected one of connector, tenant, subject, label, fields.',
      expect.stringMatching(
        /^CONFIGURATION_INVALID: plugboard\.config\.ts\.limits\.dept: this key is not known \(did you mean "depth"\?\); expected one of bodyBytes, tokens, depth, /,
      ),
      expect.stringMatching(
        /^CONFIGURATION_INVALID: plugboard\.config\.ts\.http\.alowHttp: .* \(did you mean "allowHttp"\?\); expected one of /,
      ),
      expect.stringMatching(
        /^CONFIGURATION_INVALID: plugboard\.config\.ts\.prt: .* \(did you mean "port"\?\); expected one of connectors, host, port, /,
      ),
      expect.stringMatching(
        /^CONFIGURATION_INVALID: plugboard\.config\.ts\.zzz: this key is not known; expected one of /,
      ),
    ]);
  });

  it('never repeats a value: it may be a secret', () => {
    const faults = faultsOf({
      key: [canary],
      host: { canary },
      port: canary,
      logLevel: canary,
      timeZone: canary,
      connections: [{ connector: [canary], fields: canary }],
      registrations: [{ connector: 'shop', baseUri: canary }],
    });
    expect(faults).toHaveLength(8);
    expect(faults.join('\n')).not.toContain('canary');
  });
});
