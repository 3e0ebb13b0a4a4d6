/** Checks the authorization of a connector, the keys of every OAuth 2.0 grant included. */
import { checkKeys, describe, isPlainObject, type KeyKinds, type Report } from './check-keys.ts';
import { checkPatterns } from './check-patterns.ts';

const shared: KeyKinds = {
  type: 'string!',
  apply: 'function',
  refreshOn: 'matchers',
  detectOn: 'matchers',
  identity: 'function',
};
const keysByType: Readonly<Record<string, KeyKinds>> = {
  api_key: { ...shared, apply: 'function!' },
  basic: { ...shared, userField: 'string', passwordField: 'string' },
  custom: { ...shared, apply: 'function!', acquire: 'function' },
  oauth2: {
    ...shared,
    grant: 'string',
    issuer: 'string',
    authorizationUrl: 'string or function',
    tokenUrl: 'string or function',
    deviceAuthorizationUrl: 'string or function',
    revocationUrl: 'string or function',
    clientId: 'string or function',
    clientSecret: 'secret',
    scopes: 'strings',
    scopeSeparator: 'string',
    clientAuthentication: 'string',
    authorizationParams: 'object',
    tokenParams: 'object',
    pkce: 'boolean or function',
    acquire: 'function',
    refresh: 'function',
    noopener: 'boolean',
    revokeReplaced: 'string',
  },
  multi: { type: 'string!', selected: 'function!', options: 'object!' },
  none: shared,
};
const revocationRules = ['always', 'other-account', 'never'];
const clientAuthentications = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_basic_and_post',
  'none',
  'private_key_jwt',
];
/** What each grant cannot do without, unless `issuer` lets it be discovered or `acquire` does it. */
const urlsByGrant: Readonly<Record<string, readonly string[]>> = {
  authorization_code: ['authorizationUrl', 'tokenUrl'],
  client_credentials: ['tokenUrl'],
  device_code: ['deviceAuthorizationUrl', 'tokenUrl'],
};

/** Reports every fault of one authorization; `checkFields` is called for the fields of the options of `multi`. */
export function checkAuthorization(
  authorization: Readonly<Record<string, unknown>>,
  path: string,
  report: Report,
  warn: Report,
  checkFields: (fields: unknown, path: string) => void,
): void {
  const type = authorization.type;
  const kinds = typeof type === 'string' && Object.hasOwn(keysByType, type) ? keysByType[type] : undefined;
  if (!kinds) {
    const message = `expected one of ${Object.keys(keysByType).join(', ')}; got ${describe(type)}.`;
    report({ code: 'AUTHORIZATION_INVALID', path: `${path}.type`, message });
    return;
  }
  checkKeys(authorization, kinds, path, 'AUTHORIZATION_INVALID', report, warn);
  if (type === 'oauth2') checkGrant(authorization, path, report);
  if (type === 'multi') checkOptions(authorization.options, path, report, warn, checkFields);
  for (const key of ['refreshOn', 'detectOn'] as const) {
    checkPatterns(authorization[key], `${path}.${key}`, 'AUTHORIZATION_INVALID', report);
  }
}

function checkGrant(authorization: Readonly<Record<string, unknown>>, path: string, report: Report): void {
  const grant = authorization.grant ?? 'authorization_code';
  if (typeof grant !== 'string') return;
  const urls = Object.hasOwn(urlsByGrant, grant) ? urlsByGrant[grant] : undefined;
  if (!urls) {
    const message = `expected one of ${Object.keys(urlsByGrant).join(', ')}; got ${describe(grant)}.`;
    report({ code: 'AUTHORIZATION_INVALID', path: `${path}.grant`, message });
    return;
  }
  const proof = authorization.clientAuthentication;
  if (typeof proof === 'string' && !clientAuthentications.includes(proof)) {
    const message = `expected one of ${clientAuthentications.join(', ')}; got ${describe(proof)}.`;
    report({ code: 'AUTHORIZATION_INVALID', path: `${path}.clientAuthentication`, message });
  }
  const rule = authorization.revokeReplaced;
  if (typeof rule === 'string' && !revocationRules.includes(rule)) {
    const message = `expected one of ${revocationRules.join(', ')}; got ${describe(rule)}.`;
    report({ code: 'AUTHORIZATION_INVALID', path: `${path}.revokeReplaced`, message });
  }
  if (authorization.pkce === false) {
    const message = 'expected nothing or true: every code flow uses PKCE (RFC 9700 §2.1.1); got false.';
    report({ code: 'AUTHORIZATION_INVALID', path: `${path}.pkce`, message });
  }
  if (authorization.issuer !== undefined) return;
  for (const url of urls) {
    if (authorization[url] !== undefined || (url === 'tokenUrl' && authorization.acquire !== undefined)) continue;
    const message = `expected a URL, or an issuer to discover it from, for the grant ${grant}; got nothing.`;
    report({ code: 'AUTHORIZATION_INVALID', path: `${path}.${url}`, message });
  }
}

function checkOptions(
  options: unknown,
  path: string,
  report: Report,
  warn: Report,
  checkFields: (fields: unknown, path: string) => void,
): void {
  if (!isPlainObject(options)) return;
  if (Object.keys(options).length === 0) {
    report({
      code: 'AUTHORIZATION_INVALID',
      path: `${path}.options`,
      message: 'expected at least one option; got none.',
    });
  }
  for (const [name, option] of Object.entries(options)) {
    const at = `${path}.options.${name}`;
    if (!isPlainObject(option) || option.type === 'multi') {
      const message = `expected an authorization of one of the other types; got ${isPlainObject(option) ? '"multi"' : describe(option)}.`;
      report({ code: 'AUTHORIZATION_INVALID', path: at, message });
      continue;
    }
    const { fields, ...authorization } = option;
    if (fields !== undefined) checkFields(fields, `${at}.fields`);
    checkAuthorization(authorization, at, report, warn, checkFields);
  }
}
