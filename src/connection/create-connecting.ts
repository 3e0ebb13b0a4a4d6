/** Carries a subject through `Connecting`: begins, asks, tries, parks and finishes. */
import type { Credentials } from '../connector/authorize.ts';
import { authorizationOf } from '../connector/authorize.ts';
import type { Connector, SingleAuthorization } from '../connector/definition.ts';
import { createAcquireConnection } from '../connector/open-connection.ts';
import { AuthorizationError, GatewayError, InputError } from '../errors.ts';
import type { Sender } from '../http/send.ts';
import type { Records } from '../storage/records.ts';
import { beginAuthorization, checkAnswerPlace, finishAuthorization, redirectUriOf } from './authorization-flow.ts';
import type { Caller } from './caller.ts';
import {
  bindSession,
  changeSession,
  createSession,
  invalidSession,
  openDraft,
  sealDraft,
  sessionKind,
  type SessionRecord,
} from './connect-session.ts';
import type { BrowserStep, ConnectInput, Connecting } from './connecting.ts';
import { connectionKey, sealIdentity, type ConnectionRecord, type ConnectionValue } from './connection-record.ts';
import { openFields, tokenPart, type AcquiredTokens } from './connection-tokens.ts';
import { connectionNotation, readEnteredFields, refuseUnknownFields, withoutSecrets } from './entered-fields.ts';
import { parkCredentials, takeCredentials, type NewCredentials } from './finish-code.ts';
import { keepFlow, takeFlow } from './flow-record.ts';
import type { OAuthClient, OAuthClients } from './oauth-client.ts';
import type { Registration, Registrations } from './registrations.ts';
import { allows } from './scopes.ts';
import type { KeyRing } from './seal.ts';
import { newConnectionId, type StoredConnections } from './stored-connections.ts';
import { problemOf, tryConnection, type Trial } from './try-connection.ts';

export interface ConnectingOptions {
  readonly connectors: readonly Connector[];
  readonly records: Records;
  readonly keyRing: KeyRing;
  readonly stored: StoredConnections;
  readonly registrations: Registrations;
  readonly oauthClients: OAuthClients;
  readonly sender: Sender;
  /** Credentials of a connection that is kept. */
  readonly credentialsOf: (record: ConnectionRecord, connector: Connector) => Promise<Credentials>;
  /** Tokens of the client itself, for the grant `client_credentials`. */
  readonly clientCredentials: (client: OAuthClient) => Promise<AcquiredTokens>;
  /** Revokes the tokens of a connection that was removed. @returns whether that is done. */
  readonly revoke: (record: ConnectionRecord, connector: Connector) => Promise<boolean>;
  /** Of the gateway, from its configuration alone. */
  readonly baseUrl: string;
  /** Exactly these may be returned to. */
  readonly returnUrls: readonly string[];
  /**
   * The browser that began also finishes, without `finishConnection`: for a demo and for one's own machine, where no
   * application stands behind the return URL.
   */
  readonly finishInBrowser: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** New credentials of a connection, before they are sealed. */
interface Candidate {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly acquired: Readonly<Record<string, unknown>>;
  readonly tokens?: AcquiredTokens;
}

export function createConnecting(options: ConnectingOptions): Connecting {
  const { records, keyRing, stored, registrations, now } = options;
  const byName = new Map(options.connectors.map((connector) => [connector.name, connector]));

  return {
    async begin(caller, connector, input) {
      const value = newConnection(caller, connector, input);
      const draft = await checkDraft(connector, caller.tenant, input);
      const existing = await findSame(caller, value);
      if (existing && existing.value.state !== 'PENDING' && existing.value.state !== 'ERROR') throw exists(value);
      const id = existing?.id ?? newConnectionId();
      if (draft.isDirect)
        return { connection: await connectNow(id, value, existing, connector, draft), authorizationUrl: null };
      checkReturnUrl(input);
      const fresh = { ...value, fields: sealFields(id, draft.fields) };
      const record = existing ?? (await stored.create(id, fresh));
      if (!record) throw exists(value);
      return { connection: record, authorizationUrl: await link(record, input, draft) };
    },

    async beginAgain(caller, connectionId, input) {
      const record = await findOwned(caller, connectionId);
      const connector = connectorOf(record.value.connector);
      const before = openFields(record.id, 'fields', record.value.fields, keyRing);
      const draft = await checkDraft(connector, caller.tenant, {
        ...input,
        fields: input.fields && { ...before, ...input.fields },
      });
      if (draft.isDirect)
        return {
          connection: await connectNow(record.id, record.value, record, connector, draft),
          authorizationUrl: null,
        };
      checkReturnUrl(input);
      return { connection: record, authorizationUrl: await link(record, input, draft) };
    },

    async openSession(connectorName, token, browser) {
      return nextStep(await bindSession(records, connectorName, token, browser), browser);
    },

    async submitSession(connectorName, token, browser, values) {
      const session = await bindSession(records, connectorName, token, browser);
      const connector = connectorOf(session.value.connector);
      const notation = connectionNotation(connector);
      const { fields, problems } = readEnteredFields(notation, values);
      const form = (reasons: Readonly<Record<string, string>>): BrowserStep => ({
        step: 'form',
        connector,
        notation,
        values: withoutSecrets(notation, values),
        problems: reasons,
      });
      if (Object.keys(problems).length > 0) return form(problems);
      if (goesToProvider(connector, fields)) {
        const draft = sealDraft(session.id, fields, keyRing);
        const changed = await changeSession(records, session, { fields: draft, isComplete: true });
        if (!changed) throw invalidSession();
        return nextStep(changed, browser);
      }
      const trial = await tryCandidate(session.value.connection, connector, session.value.tenant, {
        fields,
        acquired: {},
      });
      if (!trial.works) return form({ '': trial.problem });
      return end(session, connector, { fields, acquired: trial.acquired }, trial.identity);
    },

    async returnFromProvider(context, parameters, browser) {
      const flow = await takeFlow(records, parameters);
      checkAnswerPlace({ flow, context, browser });
      const connector = connectorOf(flow.value.connector);
      const session = (await records.get(sessionKind, flow.value.applicationState ?? '')) as SessionRecord | undefined;
      if (!session) throw invalidSession();
      try {
        const fields = openDraft(session, keyRing);
        const { client, registration } = await oauthClient(connector, flow.value.tenant, fields, flow.value.connection);
        const finished = await finishAuthorization(
          { callback: parameters, context, browser, flow },
          { client, keyRing, now, openAcquire: () => openAcquire(connector, registration, fields) },
        );
        const candidate = { fields, acquired: finished.extra, tokens: finished };
        const trial = await tryCandidate(flow.value.connection, connector, flow.value.tenant, candidate);
        if (!trial.works) return refuse(session, connector, trial.problem, 'CONNECTION_TEST_FAILED');
        const acquired = { ...candidate.acquired, ...trial.acquired };
        return end(session, connector, { ...candidate, acquired }, trial.identity ?? finished.ownerId ?? null);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return refuse(session, connector, error.message, error.code);
      }
    },

    async finish(caller, code) {
      const taken = await takeCredentials(records, keyRing, code, (owner) => isOwner(caller, owner));
      return keep(taken.connection, taken.credentials);
    },

    async test(caller, connectionId) {
      const record = await findOwned(caller, connectionId);
      const connector = connectorOf(record.value.connector);
      const { endpoints } = (await registrations.find(record.value.tenant, connector)) ?? {};
      const run = { sender: options.sender, baseUri: endpoints?.baseUri, id: record.id };
      const trial = await tryConnection(connector, await options.credentialsOf(record, connector), run);
      const problem = trial.works ? null : trial.problem;
      // The credentials themselves may have changed the state meanwhile; what they said stands.
      const current = (await stored.find(caller, record.id)) ?? record;
      const isRefused = current.value.state === 'REAUTH_REQUIRED';
      const change: NewCredentials = trial.works
        ? { state: 'STARTED', reason: null, ...(trial.identity !== null && { identity: trial.identity }) }
        : isRefused
          ? {}
          : { state: 'ERROR', reason: problem };
      const connection = (await stored.change(current, change)) ?? current;
      return { connection, works: trial.works, problem };
    },

    async disconnect(caller, connectionId) {
      for (;;) {
        const record = await findOwned(caller, connectionId);
        // Removed first: whatever becomes of the revocation, nobody uses these tokens again.
        if (await stored.remove(record)) return options.revoke(record, connectorOf(record.value.connector));
      }
    },
  };

  function connectorOf(name: string): Connector {
    const connector = byName.get(name);
    if (connector) return connector;
    throw new GatewayError('CONNECTOR_UNKNOWN', `The connector ${name} of this connection is no longer loaded.`, {
      connector: name,
    });
  }

  async function findOwned(caller: Caller, id: string): Promise<ConnectionRecord> {
    const record = await stored.find(caller, id);
    if (record) return record;
    throw new AuthorizationError('CONNECTION_NOT_FOUND', `There is no connection ${JSON.stringify(id)} of yours.`);
  }

  async function findSame(caller: Caller, value: ConnectionValue): Promise<ConnectionRecord | undefined> {
    const all = await stored.list(caller, value.connector);
    return all.find((record) => connectionKey(record.value) === connectionKey(value));
  }

  /** What the application gave, and whether the browser is needed at all. */
  async function checkDraft(connector: Connector, tenant: string, input: ConnectInput): Promise<Draft> {
    const given = input.fields ?? {};
    refuseUnknownFields(connector, given);
    const notation = connectionNotation(connector);
    const { fields, problems } = readEnteredFields(notation, given);
    // What is absent the browser is asked for; what is wrong is told now.
    const wrong = Object.entries(problems).filter(([name]) => given[name] !== undefined && given[name] !== null);
    if (wrong.length > 0) {
      const message = wrong.map(([name, problem]) => `fields.${name}: ${problem}`).join(' ');
      throw new InputError('INPUT_INVALID', message, { connector: connector.name });
    }
    const isComplete =
      Object.keys(problems).length === 0 &&
      ((input.fields !== undefined && input.fields !== null) || notation.length === 0);
    // An OAuth client without a client id could only fail later, in front of the subject.
    if (isOAuth(connector, fields)) await oauthClient(connector, tenant, fields, undefined);
    return { fields: isComplete ? fields : {}, isComplete, isDirect: isComplete && !goesToProvider(connector, fields) };
  }

  /** Everything is there: tried and kept at once. @throws AuthorizationError CONNECTION_TEST_FAILED; nothing is kept then. */
  async function connectNow(
    id: string,
    value: ConnectionValue,
    existing: ConnectionRecord | undefined,
    connector: Connector,
    { fields }: Draft,
  ): Promise<ConnectionRecord> {
    const tokens = await directTokens(connector, value.tenant, fields, id);
    const candidate: Candidate = { fields, acquired: {}, ...(tokens && { tokens }) };
    const trial = await tryCandidate(id, connector, value.tenant, candidate);
    if (!trial.works) {
      throw new AuthorizationError('CONNECTION_TEST_FAILED', trial.problem, { connector: connector.name });
    }
    const credentials = sealCandidate(id, { ...candidate, acquired: trial.acquired }, trial.identity);
    if (existing) return keep(id, credentials);
    const created = await stored.create(id, { ...value, ...credentials });
    if (!created) throw exists(value);
    return created;
  }

  async function link(record: ConnectionRecord, input: ConnectInput, draft: Draft): Promise<string> {
    const { tenant, subject, connector } = record.value;
    const returnUrl = input.returnUrl ?? null;
    const session = { tenant, subject, connector, connection: record.id, returnUrl, scopes: input.scopes ?? [] };
    const token = await createSession(records, keyRing, session, draft.isComplete ? draft.fields : undefined, now());
    const url = new URL(`connect/${connector}`, withSlash(options.baseUrl));
    url.searchParams.set('session', token);
    return url.href;
  }

  function checkReturnUrl({ returnUrl }: ConnectInput): void {
    if (returnUrl === undefined || returnUrl === null) {
      if (options.finishInBrowser) return;
      const message =
        'returnUrl: expected where the browser is sent at the end, one of the allowed return URLs (`returnUrls` in the configuration); got nothing.';
      throw new InputError('RETURN_URL_REFUSED', message);
    }
    if (options.returnUrls.includes(returnUrl)) return;
    throw new InputError(
      'RETURN_URL_REFUSED',
      'returnUrl: expected exactly one of the allowed return URLs (`returnUrls` in the configuration); got another.',
    );
  }

  async function nextStep(session: SessionRecord, browser: string): Promise<BrowserStep> {
    const connector = connectorOf(session.value.connector);
    const notation = connectionNotation(connector);
    const fields = openDraft(session, keyRing);
    if (!session.value.isComplete && notation.length > 0) {
      return { step: 'form', connector, notation, values: withoutSecrets(notation, fields), problems: {} };
    }
    const { tenant, subject, connection, scopes } = session.value;
    const { client } = await oauthClient(connector, tenant, fields, connection);
    const { url, flow } = await beginAuthorization({
      client,
      keyRing,
      tenant,
      subject,
      connectionId: connection,
      redirectUri: redirectUriOf(options.baseUrl, tenant, connector.name),
      scopes: [...new Set([...client.scopes, ...scopes])],
      browser,
      applicationState: session.id,
    });
    const kept = await records.commit([keepFlow(flow, now())]);
    if (!kept.committed) throw new GatewayError('INTERNAL_ERROR', 'Two authorization flows were given the same state.');
    return { step: 'provider', url: url.href };
  }

  /** New credentials work: they are kept, or parked until the application confirms them. */
  async function end(
    session: SessionRecord,
    connector: Connector,
    candidate: Candidate,
    identity: string | null,
  ): Promise<BrowserStep> {
    // Taken, so that of two answers of one session one counts.
    if (!(await records.take(sessionKind, session.id))) throw invalidSession();
    const { connection, returnUrl } = session.value;
    const credentials = sealCandidate(connection, candidate, identity);
    if (options.finishInBrowser) {
      await keep(connection, credentials);
      return returnUrl === null
        ? { step: 'end', connector, identity, problem: null }
        : { step: 'return', url: withQuery(returnUrl, { connection }) };
    }
    const code = await parkCredentials(records, keyRing, session.value, credentials, now());
    return { step: 'return', url: withQuery(returnUrl ?? options.baseUrl, { connection, code }) };
  }

  /** It did not work: a connection that never worked says why, one that works goes on as it was. */
  async function refuse(
    session: SessionRecord,
    connector: Connector,
    problem: string,
    code: string,
  ): Promise<BrowserStep> {
    await records.take(sessionKind, session.id);
    const { connection, returnUrl, tenant, subject } = session.value;
    const record = await stored.find({ tenant, subject: subject ?? undefined, scopes: new Set() }, connection);
    if (record && (record.value.state === 'PENDING' || record.value.state === 'ERROR')) {
      await stored.change(record, { state: 'ERROR', reason: problem });
    }
    if (returnUrl === null) return { step: 'end', connector, identity: null, problem };
    return { step: 'return', url: withQuery(returnUrl, { connection, error: code }) };
  }

  /** Saves new credentials over whatever is there: they are the newest that the subject granted. */
  async function keep(id: string, credentials: NewCredentials): Promise<ConnectionRecord> {
    for (;;) {
      const record = await stored.read(id);
      if (!record)
        throw new AuthorizationError('CONNECTION_NOT_FOUND', 'The connection was removed meanwhile. Connect again.');
      const kept = await stored.change(record, credentials);
      if (kept) return kept;
    }
  }

  function sealCandidate(id: string, { fields, acquired, tokens }: Candidate, identity: string | null): NewCredentials {
    return {
      state: 'STARTED',
      reason: null,
      identity,
      fields: sealFields(id, fields),
      acquired: keyRing.seal(JSON.stringify(acquired), sealIdentity(id, 'acquired')),
      ...(tokens ? tokenPart(id, tokens, keyRing) : { failures: 0, retryAt: null }),
    };
  }

  function sealFields(id: string, fields: Readonly<Record<string, unknown>>): string {
    return keyRing.seal(JSON.stringify(fields), sealIdentity(id, 'fields'));
  }

  async function tryCandidate(id: string, connector: Connector, tenant: string, candidate: Candidate): Promise<Trial> {
    const registration = await registrations.find(tenant, connector);
    const token = candidate.tokens?.tokens.access_token;
    const fields = { ...registration?.fields, ...candidate.fields, ...candidate.acquired };
    const credentials: Credentials = {
      fields: () => fields,
      merge: async () => {},
      ...(token !== undefined && { accessToken: () => token }),
    };
    try {
      return await tryConnection(connector, credentials, {
        sender: options.sender,
        baseUri: registration?.endpoints.baseUri,
        id,
      });
    } catch (error) {
      return { works: false, problem: problemOf(error, connector) };
    }
  }

  async function oauthClient(
    connector: Connector,
    tenant: string,
    fields: Readonly<Record<string, unknown>>,
    connectionId: string | undefined,
  ) {
    const authorization = authorizationOf(connector, fields);
    if (authorization.type !== 'oauth2') throw new TypeError(`${connector.name} does not authorize by OAuth 2.0.`);
    const registration = await registrations.find(tenant, connector);
    return {
      registration,
      client: await options.oauthClients({ connector, authorization, registration, fields, connectionId }),
    };
  }

  /** Tokens that need no browser: client credentials. */
  async function directTokens(
    connector: Connector,
    tenant: string,
    fields: Readonly<Record<string, unknown>>,
    connectionId: string,
  ): Promise<AcquiredTokens | undefined> {
    if (!isOAuth(connector, fields)) return undefined;
    const { client } = await oauthClient(connector, tenant, fields, connectionId);
    return options.clientCredentials(client);
  }

  function openAcquire(
    connector: Connector,
    registration: Registration | undefined,
    fields: Readonly<Record<string, unknown>>,
  ) {
    const all = { ...registration?.fields, ...fields };
    return createAcquireConnection({
      connector,
      credentials: { fields: () => all, merge: async () => {} },
      baseUri: registration?.endpoints.baseUri,
      sender: options.sender,
    });
  }
}

interface Draft {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Nothing is left to enter. */
  readonly isComplete: boolean;
  /** Nothing is left to do in a browser. */
  readonly isDirect: boolean;
}

function newConnection(caller: Caller, connector: Connector, input: ConnectInput): ConnectionValue {
  const isTenants = input.owner === 'TENANT';
  if (!isTenants && caller.subject === undefined) {
    const message =
      'owner: a connection of a subject needs a subject: name one (X-External-Subject-Id), or connect for the TENANT.';
    throw new InputError('SUBJECT_REQUIRED', message);
  }
  return {
    tenant: caller.tenant,
    subject: isTenants ? null : (caller.subject ?? null),
    connector: connector.name,
    label: input.label ?? null,
    state: 'PENDING',
    reason: null,
    fields: '',
    acquired: null,
    tokens: null,
    scopes: [],
    expiresAt: null,
    identity: null,
    failures: 0,
    retryAt: null,
    idleRefreshAt: null,
  };
}

function exists(value: ConnectionValue): AuthorizationError {
  const which = value.label === null ? '' : ` labelled ${JSON.stringify(value.label)}`;
  const message = `There is a connection${which} for ${value.connector} already. Use \`reconnect\` for it, or give the new one a \`label\`.`;
  return new AuthorizationError('CONNECTION_EXISTS', message, { connector: value.connector });
}

function isOwner(caller: Caller, owner: { readonly tenant: string; readonly subject: string | null }): boolean {
  if (owner.tenant !== caller.tenant) return false;
  return owner.subject === null ? allows(caller.scopes, 'admin') : owner.subject === caller.subject;
}

function selected(connector: Connector, fields: Readonly<Record<string, unknown>>): SingleAuthorization | undefined {
  try {
    return authorizationOf(connector, fields);
  } catch {
    // The fields choose none of several ways yet; the trial will say so in words.
    return undefined;
  }
}

function isOAuth(connector: Connector, fields: Readonly<Record<string, unknown>>): boolean {
  return selected(connector, fields)?.type === 'oauth2';
}

function goesToProvider(connector: Connector, fields: Readonly<Record<string, unknown>>): boolean {
  const authorization = selected(connector, fields);
  return authorization?.type === 'oauth2' && (authorization.grant ?? 'authorization_code') === 'authorization_code';
}

function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  return target.href;
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
