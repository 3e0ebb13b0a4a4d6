/** New credentials of a connection: tried, sealed and kept. */
import { authorizationOf, type Credentials } from '../connector/authorize.ts';
import type { Connector, SingleAuthorization } from '../connector/definition.ts';
import { AuthorizationError } from '../errors.ts';
import type { StoredRecord } from '../storage/records.ts';
import { bindingOf, type Binding } from './connection-binding.ts';
import {
  connectionKind,
  sealIdentity,
  sealingTarget,
  type ConnectionRecord,
  type OpenableConnection,
  type SealingTarget,
} from './connection-record.ts';
import { tokenPart, type AcquiredTokens } from './connection-tokens.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import type { NewCredentials } from './finish-code.ts';
import type { OAuthClient } from './oauth-client.ts';
import { declaredFields, type Registration } from './registration.ts';
import { problemOf, tryConnection, type Trial } from './try-connection.ts';

/** New credentials, before they are sealed. */
export interface Candidate {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly acquired: Readonly<Record<string, unknown>>;
  readonly tokens?: AcquiredTokens;
  /** What they were tried at; absent: as the registration is when they are kept. */
  readonly boundTo?: Binding;
}

/** A trial, and what is bound to where it was made. */
export type BoundTrial = Trial & { readonly boundTo: Binding };

/** Which connection they are for. */
export interface CandidateTarget {
  readonly id: string;
  readonly tenant: string;
  readonly connector: Connector;
}

/** The record that holds credentials, or stands for them, until they are kept. */
export interface WaitingPlace {
  readonly record: Pick<StoredRecord, 'kind' | 'id'>;
  /** The error when it was taken meanwhile. */
  readonly ifGone: () => Error;
}

export interface Candidates {
  /** Tries them at the provider; nothing is kept. */
  readonly try: (target: CandidateTarget, candidate: Candidate) => Promise<BoundTrial>;
  /** The parts of the record that they change. */
  readonly seal: (target: SealingTarget, candidate: Candidate, identity: string | null) => NewCredentials;
  readonly sealFields: (target: SealingTarget, fields: Readonly<Record<string, unknown>>) => string;
  /**
   * Saves them over whatever is there: they are the newest that the subject granted. What they were waiting in is taken
   * away in the same step, so that they are used once, and a store that fails loses nothing.
   *
   * @throws AuthorizationError CONNECTION_NOT_FOUND when the connection was removed meanwhile; what `ifGone` gives.
   */
  readonly keep: (id: string, credentials: NewCredentials, from?: WaitingPlace) => Promise<ConnectionRecord>;
  /** Takes tokens back at the provider that will not be kept (`Discarding.discard`). Never throws. */
  readonly drop: (connection: OpenableConnection, candidate: Candidate, identity?: string | null) => Promise<void>;
  /** The client at the connector's authorization server. @throws as `OAuthClients` */
  readonly oauthClient: (
    target: Omit<CandidateTarget, 'id'> & { readonly id?: string },
    fields: Readonly<Record<string, unknown>>,
  ) => Promise<{ readonly client: OAuthClient; readonly registration: Registration | undefined }>;
}

export function createCandidates(options: ConnectingOptions): Candidates {
  const { records, keyRing, stored, registrations, sender, discarding } = options;
  const sealFields = (target: SealingTarget, fields: Readonly<Record<string, unknown>>) =>
    keyRing.seal(JSON.stringify(fields), sealIdentity(target, 'fields'));
  const byName = new Map(options.connectors.map((connector) => [connector.name, connector]));
  /** As the registration is now. */
  const bindingFor = async ({ tenant, connector: name }: Pick<SealingTarget, 'tenant' | 'connector'>) => {
    const connector = byName.get(name);
    return connector ? bindingOf(connector, await registrations.find(tenant, connector)) : [];
  };
  const seal: Candidates['seal'] = (target, { fields, acquired, tokens, boundTo }, identity) => ({
    state: 'STARTED',
    reason: null,
    connectedAt: options.now(),
    identity,
    ...(boundTo && { boundTo }),
    fields: sealFields(target, fields),
    acquired: keyRing.seal(JSON.stringify(acquired), sealIdentity(target, 'acquired')),
    ...(tokens ? tokenPart(target, tokens, keyRing) : { failures: 0, retryAt: null }),
  });
  return {
    sealFields,
    seal,
    async try({ id, tenant, connector }, candidate) {
      const registration = await registrations.find(tenant, connector);
      const credentials = candidateCredentials(connector, candidate, registration);
      const boundTo = bindingOf(connector, registration);
      try {
        const run = { sender, baseUri: registration?.endpoints.baseUri, id };
        return { ...(await tryConnection(connector, credentials, run)), boundTo };
      } catch (error) {
        return { works: false, problem: problemOf(error, connector), boundTo };
      }
    },
    async keep(id, credentials, from) {
      const removal = from ? [{ change: 'remove', kind: from.record.kind, id: from.record.id } as const] : [];
      for (;;) {
        const record = await stored.read(id);
        if (!record) {
          throw new AuthorizationError('CONNECTION_NOT_FOUND', 'The connection was removed meanwhile. Connect again.');
        }
        const { version, value } = record;
        const boundTo = credentials.boundTo ?? (await bindingFor(value));
        const next = { ...value, ...credentials, boundTo };
        const replaced = await discarding.planReplaced(record, credentials, from?.record.id);
        const result = await records.commit([
          ...removal,
          { change: 'compareAndSet', kind: connectionKind, id, version, value: next },
          ...(replaced ? [replaced] : []),
        ]);
        if (result.committed) {
          const kept = result.records[removal.length] as ConnectionRecord;
          stored.wasChanged(record, kept);
          // It is planned by now; nobody waits for the provider.
          if (replaced) void options.revocations.attempt(replaced.id).catch(() => false);
          return kept;
        }
        if (from && result.failed === 0) throw from.ifGone();
      }
    },
    async drop(connection, candidate, identity = null) {
      if (!candidate.tokens) return;
      // A store that fails does not say, and then it is the binding of the connection.
      const boundTo = candidate.boundTo ?? (await bindingFor(connection.value).catch(() => undefined));
      const bound = { ...candidate, ...(boundTo && { boundTo }) };
      await discarding.discard(connection, seal(sealingTarget(connection), bound, identity));
    },
    async oauthClient({ id, tenant, connector }, fields) {
      const authorization = authorizationOf(connector, fields);
      if (authorization.type !== 'oauth2') throw new TypeError(`${connector.name} does not authorize by OAuth 2.0.`);
      const registration = await registrations.find(tenant, connector);
      const client = await options.oauthClients({ connector, authorization, registration, fields, connectionId: id });
      return { client, registration };
    },
  };
}

function candidateCredentials(
  connector: Connector,
  { fields, acquired, tokens }: Candidate,
  registration: Registration | undefined,
): Credentials {
  const all = { ...declaredFields(connector, registration), ...fields, ...acquired };
  const token = tokens?.tokens.access_token;
  return { fields: () => all, merge: async () => {}, ...(token !== undefined && { accessToken: () => token }) };
}

/** The way of authorizing that the fields choose; `undefined` while they choose none of several. */
export function selectedAuthorization(
  connector: Connector,
  fields: Readonly<Record<string, unknown>>,
): SingleAuthorization | undefined {
  try {
    return authorizationOf(connector, fields);
  } catch {
    return undefined;
  }
}

/** Whether the subject has to say yes at the provider, in a browser. */
export function goesToProvider(connector: Connector, fields: Readonly<Record<string, unknown>>): boolean {
  const authorization = selectedAuthorization(connector, fields);
  return authorization?.type === 'oauth2' && (authorization.grant ?? 'authorization_code') === 'authorization_code';
}
