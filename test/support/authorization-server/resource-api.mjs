/** The protected API beside the authorization server: whose token it is decides whose rows come back. */
import { createLocalJWKSet, jwtVerify } from 'jose';
import { audienceOf } from './provider.mjs';

/** @typedef {{ subject: string, clientId: string, scopes: readonly string[] }} Bearer */
/** @typedef {{ status: number, json: unknown, headers?: Record<string, string> }} Reply */

const pageSize = 2;

/**
 * @param {import('oidc-provider').Provider} provider
 * @param {{ keys: any[] }} keys - the public keys of the provider
 * @param {{ isLive: (tokenId: string) => boolean }} tokens
 */
export function createResourceApi(provider, keys, tokens) {
  /** @type {Map<string, { id: string, owner: string, title: string }[]>} */
  const itemsBySubject = new Map();
  /** @type {Map<string, any>} */
  const calls = new Map();
  const keySet = createLocalJWKSet(keys);

  /** @param {string} subject */
  const itemsOf = (subject) => {
    let items = itemsBySubject.get(subject);
    if (!items) {
      items = Array.from({ length: 5 }, (_, index) => itemOf(subject, index + 1, `Item ${index + 1} of ${subject}`));
      itemsBySubject.set(subject, items);
    }
    return items;
  };

  /** @param {string} token @returns {Promise<Bearer | undefined>} */
  const introspect = async (token) => {
    if (token.split('.').length === 3) {
      try {
        const { payload } = await jwtVerify(token, keySet, {
          issuer: provider.issuer,
          audience: audienceOf(provider.issuer),
          typ: 'at+jwt',
        });
        if (!tokens.isLive(String(payload.jti))) return undefined;
        return bearerOf(String(payload.sub), String(payload['client_id']), String(payload['scope'] ?? ''));
      } catch {
        return undefined;
      }
    }
    const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
    if (!found?.isValid || !found.clientId) return undefined;
    return bearerOf('accountId' in found ? found.accountId : found.clientId, found.clientId, found.scope ?? '');
  };

  /** @param {string} method @param {URL} url @param {Bearer} bearer @param {string} body @returns {Reply} */
  const answer = (method, url, bearer, body) => {
    const route = `${method} ${url.pathname}`;
    const needed = { 'GET /api/items': 'items:read', 'POST /api/items': 'items:write' }[route];
    if (needed && !bearer.scopes.includes(needed)) {
      return refusal(403, `error="insufficient_scope", scope="${needed}"`);
    }
    if (route === 'GET /api/me') {
      const { subject, clientId, scopes } = bearer;
      return { status: 200, json: { sub: subject, name: subject, clientId, scope: scopes.join(' ') } };
    }
    const items = itemsOf(bearer.subject);
    if (route === 'GET /api/items')
      return { status: 200, json: pageOf(items, Number(url.searchParams.get('page') ?? 1)) };
    if (route === 'POST /api/items') {
      const item = itemOf(bearer.subject, items.length + 1, titleIn(body));
      items.push(item);
      return { status: 201, json: item };
    }
    return { status: 404, json: { error: 'not_found' } };
  };

  return {
    /**
     * @param {import('node:http').IncomingMessage} request
     * @param {import('node:http').ServerResponse} response
     * @param {string} body
     */
    async serve(request, response, body) {
      const url = new URL(request.url ?? '/', provider.issuer);
      const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
      const bearer = token === undefined ? undefined : await introspect(token);
      const reply = bearer
        ? answer(request.method ?? 'GET', url, bearer, body)
        : refusal(401, token === undefined ? '' : 'error="invalid_token"');
      const call = {
        method: request.method,
        path: url.pathname,
        status: reply.status,
        token: token ?? null,
        subject: bearer?.subject ?? null,
        clientId: bearer?.clientId ?? null,
      };
      const key = JSON.stringify(call);
      calls.set(key, { ...call, count: (calls.get(key)?.count ?? 0) + 1 });
      response
        .writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
        .end(JSON.stringify(reply.json));
    },
    calls: () => [...calls.values()],
  };
}

/** @param {string} subject @param {string} clientId @param {string} scope @returns {Bearer} */
const bearerOf = (subject, clientId, scope) => ({ subject, clientId, scopes: scope.split(' ').filter(Boolean) });

/** @param {string} owner @param {number} number @param {string} title */
const itemOf = (owner, number, title) => ({ id: `${owner}-${number}`, owner, title });

/** @param {number} status @param {string} problem */
function refusal(status, problem) {
  return {
    status,
    headers: { 'www-authenticate': `Bearer realm="test"${problem && `, ${problem}`}` },
    json: { error: status === 401 ? 'invalid_token' : 'insufficient_scope' },
  };
}

/** @param {readonly any[]} items @param {number} page */
function pageOf(items, page) {
  const start = (page - 1) * pageSize;
  return {
    items: items.slice(start, start + pageSize),
    page,
    nextPage: start + pageSize < items.length ? page + 1 : null,
  };
}

/** @param {string} body */
function titleIn(body) {
  try {
    return String(JSON.parse(body).title ?? 'Untitled');
  } catch {
    return 'Untitled';
  }
}
