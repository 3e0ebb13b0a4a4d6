import { describe, expect, it } from '@jest/globals';
import { checkConfiguration } from '../../../src/check-configuration.ts';
import { DefinitionError, formatFault } from '../../../src/errors.ts';
import { readRdsSecret } from '../../../src/facades/rds/secret.ts';

const good = 'a-secret-of-32-letters-and-digits-0123';

function faultsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults.map(formatFault);
    throw error;
  }
  return [];
}

describe('the secret of the address', () => {
  it('stands in the configuration or in the environment', () => {
    expect(readRdsSecret({ secret: good }, {}, false)).toBe(good);
    expect(readRdsSecret({ secret: { env: 'RDS_SECRET' } }, { RDS_SECRET: good }, false)).toBe(good);
  });

  it('may be absent only where nobody is asked for credentials', () => {
    expect(readRdsSecret({}, {}, true)).toBeUndefined();
    expect(readRdsSecret({ secret: good }, {}, true)).toBe(good);
  });

  it.each([
    [undefined, 'nothing'],
    [{ env: 'ABSENT' }, 'nothing'],
    ['short', 'another'],
    [`${good}/x`, 'another'],
    [`${good} `, 'another'],
  ])('is no %j', (secret, got) => {
    expect(faultsOf(() => readRdsSecret({ ...(secret !== undefined && { secret }) }, {}, false))).toEqual([
      `CONFIGURATION_INVALID: facades.rds.secret: expected at least 32 letters, digits, "-" and "_", e.g. of \`openssl rand -hex 32\`: whoever knows the address acts for the tenant; got ${got}. Only insecureDev does without.`,
    ]);
  });
});

describe('the configuration of the facade', () => {
  const faults = (rds: unknown) => faultsOf(() => checkConfiguration({ facades: { rds } }));

  it('names what is wrong, never a secret', () => {
    expect(faults({})).toEqual([
      'CONFIGURATION_INVALID: configuration.facades.rds.tenant: expected a string; got nothing.',
    ]);
    expect(faults({ tenant: 'acme', secret: 7, redirectUri: '/redirect' })).toEqual([
      "CONFIGURATION_INVALID: configuration.facades.rds.secret: expected a text, or { env: 'NAME' }; got 7.",
      'CONFIGURATION_INVALID: configuration.facades.rds.redirectUri: expected an absolute http or https URL; got a string that is none.',
    ]);
    expect(faults({ tenant: 'acme', ports: { 'port-x': { url: 'x', implements: ['files'] } } })).toEqual([
      'CONFIGURATION_INVALID: configuration.facades.rds.ports.port-x.url: expected an absolute http or https URL; got a string that is none.',
      'CONFIGURATION_INVALID: configuration.facades.rds.ports.port-x.implements[0]: expected one of fileStorage, metadata; got a string that is none.',
    ]);
    expect(faults({ tenant: 'acme', releaseToken: true })).toEqual([
      'CONFIGURATION_INVALID: configuration.facades.rds.releaseToken: this key is not known (did you mean "releaseTokens"?); expected one of tenant, secret, releaseTokens, redirectUri, ports.',
    ]);
    expect(faults({ tenant: 'acme', ports: { 'port-x': { url: 'https://x.example', uri: 1 } } })).toEqual([
      'CONFIGURATION_INVALID: configuration.facades.rds.ports.port-x.uri: this key is not known (did you mean "url"?); expected one of url, allowPrivateAddress, implements.',
    ]);
  });
});
