/** The process of the authorization server: one HTTP server for everything, controlled over IPC by authorization-server.ts. */
import { createServer } from 'node:http';
import { createCounters } from './counters.mjs';
import { createFaultPlane, endpointOf, redirecting, rewriting, sendJson, spoil, without } from './fault-plane.mjs';
import { serveInteraction } from './pages.mjs';
import { clientMetadata, createProvider, deviceGrant } from './provider.mjs';
import { createResourceApi } from './resource-api.mjs';
import { createStorage } from './storage.mjs';

// The parent's end of the channel is the life line: it closes when the parent stops us, and when the parent dies.
process.on('disconnect', () => process.exit(0));
process.once('message', (settings) => void start(settings));

/** @param {any} settings */
async function start(settings) {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const issuer = `http://127.0.0.1:${port}`;

  const storage = createStorage();
  const counters = createCounters();
  const faults = createFaultPlane();
  const { provider, signingKey } = createProvider(issuer, settings, storage);
  const tokens = followTokens(provider);
  const { d: _, ...publicKey } = signingKey;
  const api = createResourceApi(provider, { keys: [publicKey] }, tokens);
  countEvents(provider, counters, tokens);

  const house = {
    settings,
    provider,
    byProvider: provider.callback(),
    storage,
    counters,
    faults,
    tokens,
    api,
    pollsByDeviceCode: new Map(),
  };
  const commands = commandsOf(house);
  server.on('request', (request, response) => {
    serve(house, request, response).catch((error) => {
      console.error(error);
      if (!response.headersSent) response.writeHead(500).end('The authorization server of the tests failed.');
    });
  });
  process.on('message', (message) => void obey(commands, message));
  for (const client of settings.clients) await commands.addClient(client);
  process.send?.({ issuer });
}

/** @param {Record<string, (...values: any[]) => any>} commands @param {any} message */
async function obey(commands, { id, command, values }) {
  try {
    process.send?.({ id, result: await commands[command]?.(...values) });
  } catch (error) {
    const { error_description: description, message = String(error) } = /** @type {any} */ (error);
    process.send?.({ id, error: description ?? message });
  }
}

/** @param {any} house @param {import('./fault-plane.mjs').Request} request @param {import('node:http').ServerResponse} response */
async function serve(house, request, response) {
  response.on('error', () => {});
  const body = await readBody(request);
  if (body === undefined) return;
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const endpoint = endpointOf(pathname);
  const form = new URLSearchParams(body);
  const grantType = endpoint === 'token' ? form.get('grant_type') : null;
  house.counters.count('requests', endpoint);
  if (grantType) house.counters.count('tokenRequests', grantType);
  if (grantType === deviceGrant && isTooFast(house, form.get('device_code') ?? '')) {
    return sendJson(response, 400, { error: 'slow_down' });
  }

  const isRevocation = endpoint === 'revocation' && isKnownToken(house.storage, form.get('token') ?? '');

  const answer = async () => {
    await answerHonestly(house, endpoint, pathname, request, response, body);
    if (isRevocation && response.statusCode === 200) house.counters.count('revocations');
  };
  const fault = house.faults.take(endpoint, grantType);
  if (!fault) return answer();
  house.counters.count('faultsGiven');
  await spoil(fault, request, response, answer);
}

/** @param {any} house @param {string} endpoint @param {string} path @param {any} request @param {any} response @param {string} body */
async function answerHonestly(house, endpoint, path, request, response, body) {
  const { provider, settings } = house;
  if (endpoint === 'api') return house.api.serve(request, response, body).then(house.counters.changed);
  if (path.startsWith('/interaction/')) return serveInteraction(provider, request, response, body);

  // The provider takes an already read body from here.
  request.body = body;
  const byProvider = async () => void (await house.byProvider(request, response));
  if (endpoint === 'device_authorization') {
    return rewriting(response, byProvider, (answer) => ({ ...answer, interval: settings.deviceInterval }));
  }
  if (settings.issuerParameter) return byProvider();
  if (endpoint === 'discovery') {
    return rewriting(response, byProvider, (answer) =>
      without(answer, 'authorization_response_iss_parameter_supported'),
    );
  }
  if (endpoint === 'authorization') return redirecting(response, byProvider, (query) => query.delete('iss'));
  return byProvider();
}

/** The provider answers 200 to unknown tokens as well: those are no revocations. @param {any} storage @param {string} token */
function isKnownToken(storage, token) {
  return ['RefreshToken', 'AccessToken', 'ClientCredentials'].some((model) => storage.recordsOf(model).has(token));
}

/** Holds device polls to the interval, which grows by 5 s with each violation (RFC 8628 §3.5). @param {any} house @param {string} deviceCode */
function isTooFast(house, deviceCode) {
  const now = performance.now();
  const before = house.pollsByDeviceCode.get(deviceCode);
  const intervalMs = before?.intervalMs ?? house.settings.deviceInterval * 1000;
  // A client's timer may fire a little early, and the network may take different times.
  const isEarly = before !== undefined && now - before.at < intervalMs * 0.9;
  house.pollsByDeviceCode.set(deviceCode, { at: now, intervalMs: isEarly ? intervalMs + 5000 : intervalMs });
  house.counters.count('devicePolls');
  if (isEarly) house.counters.count('devicePollsTooFast');
  return isEarly;
}

/** Knows which access tokens are alive: JWTs are not stored, so only this list can end them early. @param {any} provider */
function followTokens(provider) {
  /** @type {Map<string, { grantId?: string, subject: string }>} */
  const live = new Map();
  for (const kind of ['access_token', 'client_credentials']) {
    for (const event of ['saved', 'issued']) {
      provider.on(`${kind}.${event}`, (/** @type {any} */ token) => {
        live.set(token.jti, { grantId: token.grantId, subject: token.accountId ?? token.clientId });
      });
    }
  }
  return {
    /** @param {string} id */
    isLive: (id) => live.has(id),
    /** @param {string} id */
    endOne: (id) => live.delete(id),
    /** Ends the tokens that `isMeant`, and gives their ids. @param {(token: { grantId?: string, subject: string }) => boolean} isMeant */
    end(isMeant) {
      const ended = [...live].filter(([, token]) => isMeant(token)).map(([id]) => id);
      for (const id of ended) live.delete(id);
      return ended;
    },
  };
}

/** @param {any} provider @param {ReturnType<typeof createCounters>} counters @param {ReturnType<typeof followTokens>} tokens */
function countEvents(provider, counters, tokens) {
  provider.on('grant.success', (/** @type {any} */ context) => {
    const grantType = context.oidc.params.grant_type;
    counters.count('tokensIssued', grantType);
    if (grantType === 'refresh_token') counters.count('refreshes');
  });
  provider.on('grant.error', (/** @type {any} */ _context, /** @type {any} */ error) => {
    counters.count('tokenErrors', error.error ?? 'server_error');
    if (error.error_detail === 'refresh token already used') counters.count('reuseDetections');
    if (error.error_detail === 'authorization code already consumed') counters.count('codeReuses');
  });
  provider.on('grant.revoked', (/** @type {any} */ _context, /** @type {string} */ grantId) => {
    tokens.end((token) => token.grantId === grantId);
    counters.count('grantsRevoked');
  });
  for (const model of ['access_token', 'refresh_token', 'client_credentials']) {
    provider.on(`${model}.destroyed`, (/** @type {any} */ token) => tokens.endOne(token.jti));
  }
  provider.on('server_error', (/** @type {any} */ _context, /** @type {unknown} */ error) => console.error(error));
}

/** What the parent can ask for. @param {any} house @returns {Record<string, (...values: any[]) => any>} */
function commandsOf({ settings, provider, storage, counters, faults, tokens, api }) {
  const clients = new Map();
  return {
    async addClient(client) {
      const metadata = clientMetadata(client);
      // The library checks the metadata only when the client comes: a mistake in a test must show here.
      await storage.adapterOf('Client').upsert(client.clientId, metadata);
      if (!(await provider.Client.find(client.clientId))) throw new Error(`No client "${client.clientId}".`);
      clients.set(client.clientId, client);
    },
    async addRedirectUri(clientId, redirectUri) {
      const client = clients.get(clientId);
      if (!client) throw new Error(`There is no client "${clientId}".`);
      await this.addClient({ ...client, redirectUris: [...(client.redirectUris ?? []), redirectUri] });
    },
    setFault: (endpoint, fault) => faults.set(endpoint, fault),
    setAccessTokenLifetime: (seconds) => void (settings.accessTokenLifetime = seconds),
    expireAccessTokens(subject) {
      const ended = tokens.end((/** @type {any} */ token) => subject === null || token.subject === subject);
      for (const id of ended) {
        storage.recordsOf('AccessToken').delete(id);
        storage.recordsOf('ClientCredentials').delete(id);
      }
      return ended.length;
    },
    revokeGrant(subject) {
      const grants = [...storage.recordsOf('Grant')].filter(([, grant]) => grant.accountId === subject);
      for (const [id] of grants) {
        storage.endTokensOfGrant(id);
        storage.recordsOf('Grant').delete(id);
        tokens.end((/** @type {any} */ token) => token.grantId === id);
        counters.count('grantsRevoked');
      }
      return grants.length;
    },
    counters: () => counters.read(),
    countersAfter: (version) => counters.readAfter(version),
    apiCalls: () => api.calls(),
  };
}

/** Gives nothing when the client is gone before its request is complete. @param {import('node:http').IncomingMessage} request */
async function readBody(request) {
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}
