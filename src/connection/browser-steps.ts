/** The browser's part of connecting: the form, the way to the provider and back, the end. */
import type { Connector } from '../connector/definition.ts';
import { createAcquireConnection } from '../connector/open-connection.ts';
import { GatewayError } from '../errors.ts';
import { hideFields } from '../http/hidden-fields.ts';
import {
  beginAuthorization,
  checkAnswerPlace,
  finishAuthorization,
  redirectUriOf,
  type FinishedAuthorization,
} from './authorization-flow.ts';
import { readPostedForm } from './connect-form.ts';
import {
  bindSession,
  changeSession,
  invalidSession,
  openDraft,
  sealDraft,
  sessionKind,
  type SessionRecord,
} from './connect-session.ts';
import { goesToProvider, type BoundCandidate, type Candidates } from './connection-candidate.ts';
import type { BrowserBinding, BrowserStep } from './connecting.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import { connectionNotation, readEnteredFields, withoutSecrets } from './entered-fields.ts';
import { checkBegun } from './check-binding.ts';
import { bindingOf, type Binding } from './connection-binding.ts';
import { connectionKind, type ConnectionRecord } from './connection-record.ts';
import { parkCredentials, type NewCredentials } from './finish-code.ts';
import { keepFlow, takeFlow } from './flow-record.ts';
import { isSameOwner } from './owner.ts';
import { declaredFields, type Registration } from './registration.ts';

/** A provider's answer that belongs to something. */
interface Answered {
  readonly session: SessionRecord;
  /** As it was before the code was exchanged. */
  readonly record: ConnectionRecord;
  readonly connector: Connector;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Where the flow was begun. */
  readonly boundTo: Binding;
}

export function createBrowserSteps(
  options: ConnectingOptions,
  candidates: Candidates,
  connectorOf: (name: string) => Connector,
) {
  const { records, keyRing, stored, now } = options;
  return {
    async openSession(connectorName: string, token: string, browser: BrowserBinding): Promise<BrowserStep> {
      return nextStep(await bindSession(records, connectorName, token, browser), browser);
    },

    async submitSession(
      connectorName: string,
      token: string,
      browser: BrowserBinding,
      values: Readonly<Record<string, string>>,
    ): Promise<BrowserStep> {
      const session = await bindSession(records, connectorName, token, browser);
      const connector = connectorOf(connectorName);
      const notation = connectionNotation(connector);
      const entered = readPostedForm(notation, values, new Map(Object.entries(connector.objects ?? {})));
      const form = (problems: Readonly<Record<string, string>>): BrowserStep => {
        return { step: 'form', connector, notation, values: withoutSecrets(notation, entered), problems };
      };
      const { fields, problems } = readEnteredFields(connector, entered);
      if (Object.keys(problems).length > 0) return form(problems);
      if (goesToProvider(connector, fields)) {
        const draft = sealDraft(session.id, session.value, fields, keyRing);
        const changed = await changeSession(records, session, { fields: draft, isComplete: true });
        if (!changed) throw invalidSession();
        return nextStep(changed, browser);
      }
      const target = { id: session.value.connection, tenant: session.value.tenant, connector };
      const trial = await candidates.try(target, { fields, acquired: {} });
      if (!trial.works) return form({ '': trial.problem });
      const { acquired, boundTo } = trial;
      return end(session, connector, { fields, acquired, boundTo }, trial.identity);
    },

    async returnFromProvider(
      context: string,
      callback: URLSearchParams,
      browser: BrowserBinding | undefined,
    ): Promise<BrowserStep> {
      const flow = await takeFlow(records, callback);
      checkAnswerPlace({ flow, context, browser });
      const connector = connectorOf(flow.value.connector);
      const session = (await records.get(sessionKind, flow.value.applicationState ?? '')) as SessionRecord | undefined;
      const record = await stored.read(flow.value.connection);
      // Of a connection that was removed meanwhile no tokens are asked for: nobody would take them back.
      if (!session || !record || !isSameOwner(session.value, flow.value)) throw invalidSession();
      let answered: Answered;
      let finished: FinishedAuthorization;
      try {
        const fields = openDraft(session, keyRing);
        answered = { session, record, connector, fields, boundTo: flow.value.boundTo };
        const target = { id: flow.value.connection, tenant: flow.value.tenant, connector };
        const { client, registration } = await candidates.oauthClient(target, fields);
        await checkBegun({ connector, registration }, flow.value.boundTo, fields);
        finished = await finishAuthorization(
          { callback, context, browser, flow },
          { client, keyRing, now, openAcquire: () => openAcquire(connector, registration, fields) },
        );
      } catch (error) {
        // A store that fails says nothing of the connection: the session stays, and its link may be opened again.
        if (!(error instanceof GatewayError) || error.code.startsWith('STORE_')) throw error;
        return refuse(session, connector, error.message, error.code);
      }
      return tryAndEnd(answered, finished);
    },
  };

  async function nextStep(session: SessionRecord, browser: BrowserBinding): Promise<BrowserStep> {
    const connector = connectorOf(session.value.connector);
    const notation = connectionNotation(connector);
    const fields = openDraft(session, keyRing);
    if (!session.value.isComplete && notation.length > 0) {
      return { step: 'form', connector, notation, values: withoutSecrets(notation, fields), problems: {} };
    }
    const { tenant, subject, connection, scopes } = session.value;
    const { client, registration } = await candidates.oauthClient({ id: connection, tenant, connector }, fields);
    // What was granted before stays asked for: new tokens replace the old ones with all that these may do.
    const granted = (await stored.read(connection))?.value.scopes ?? [];
    const { url, flow } = await beginAuthorization({
      client,
      keyRing,
      tenant,
      subject,
      connectionId: connection,
      boundTo: await bindingOf(connector, registration, fields),
      redirectUri: redirectUriOf(options.baseUrl, tenant, connector.name),
      scopes: [...new Set([...client.scopes, ...scopes, ...granted])],
      browser,
      applicationState: session.id,
    });
    const kept = await records.commit([keepFlow(flow, now())]);
    if (!kept.committed) throw new GatewayError('INTERNAL_ERROR', 'Two authorization flows were given the same state.');
    return { step: 'provider', url: url.href };
  }

  /** Tokens that the provider has just given: tried and kept, or taken back. */
  async function tryAndEnd(
    { session, record, connector, fields, boundTo }: Answered,
    { tokens, scopes, expiresAt, extra, ownerId }: FinishedAuthorization,
  ): Promise<BrowserStep> {
    const candidate: BoundCandidate = { fields, acquired: extra, tokens: { tokens, scopes, expiresAt }, boundTo };
    const trial = await candidates.try({ id: record.id, tenant: record.value.tenant, connector }, candidate);
    if (!trial.works) {
      await candidates.drop(record, candidate, ownerId);
      return refuse(session, connector, trial.problem, 'CONNECTION_TEST_FAILED');
    }
    const identity = trial.identity ?? ownerId ?? null;
    try {
      const acquired = { ...extra, ...trial.acquired };
      return await end(session, connector, { ...candidate, acquired, boundTo: trial.boundTo }, identity);
    } catch (error) {
      // Another answer of the session was first, the connection was removed, or the store failed.
      await candidates.drop(record, candidate, identity);
      throw error;
    }
  }

  /** New credentials work: they are kept, or parked until the application confirms them. */
  async function end(
    session: SessionRecord,
    connector: Connector,
    candidate: BoundCandidate,
    identity: string | null,
  ): Promise<BrowserStep> {
    const { connection, returnUrl, tenant, subject } = session.value;
    const target = { id: connection, tenant, subject, connector: connector.name };
    const credentials = candidates.seal(target, candidate, identity);
    if (options.finishInBrowser || session.value.finishInBrowser === true) {
      await candidates.keep(connection, credentials, { record: session, ifGone: invalidSession });
      if (returnUrl === null) return { step: 'end', connector, identity, problem: null };
      return { step: 'return', url: withQuery(returnUrl, { connection }) };
    }
    const code = await park(session, credentials);
    return { step: 'return', url: withQuery(returnUrl ?? options.baseUrl, { connection, code }) };
  }

  /** @returns the code for the application. */
  async function park(session: SessionRecord, credentials: NewCredentials): Promise<string> {
    for (;;) {
      const record = await stored.read(session.value.connection);
      if (!record) throw invalidSession();
      const { id, version, value } = record;
      const { code, change } = parkCredentials(session.value, credentials, now());
      // Together: of two answers of one session one counts, a store that fails leaves the session as it was, and whoever
      // removes the connection either sees what is parked for it or has removed it before.
      const ended = await records.commit([
        { change: 'remove', kind: sessionKind, id: session.id },
        { change: 'compareAndSet', kind: connectionKind, id, version, value },
        change,
      ]);
      if (ended.committed) return code;
      if (ended.failed === 0) throw invalidSession();
    }
  }

  /** It did not work: a connection that never worked says why, one that works goes on as it was. */
  async function refuse(
    session: SessionRecord,
    connector: Connector,
    problem: string,
    code: string,
  ): Promise<BrowserStep> {
    await records.take(sessionKind, session.id);
    const { connection, returnUrl } = session.value;
    const record = await stored.read(connection);
    if (record && (record.value.state === 'PENDING' || record.value.state === 'ERROR')) {
      await stored.change(record, { state: 'ERROR', reason: problem });
    }
    if (returnUrl === null) return { step: 'end', connector, identity: null, problem };
    return { step: 'return', url: withQuery(returnUrl, { connection, error: code }) };
  }

  function openAcquire(
    connector: Connector,
    registration: Registration | undefined,
    fields: Readonly<Record<string, unknown>>,
  ) {
    const all = hideFields({ ...declaredFields(connector, registration), ...fields });
    return createAcquireConnection({
      connector,
      credentials: { fields: () => all, merge: async () => {} },
      baseUri: registration?.endpoints.baseUri,
      sender: options.sender,
    });
  }
}

function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  return target.href;
}
