/** New credentials of a connection: tried, sealed and kept. */
import { authorizationOf, type Credentials } from '../connector/authorize.ts';
import type { Connector, SingleAuthorization } from '../connector/definition.ts';
import { AuthorizationError } from '../errors.ts';
import { hideFields } from '../http/hidden-fields.ts';
import type { StoredRecord } from '../storage/records.ts';
import { checkBegun } from './check-binding.ts';
import { bindingOf, type Binding } from './connection-binding.ts';
import {
  connectionKind,
  sealIdentity,
  sealingTarget,
  type ConnectionRecord,
  type OpenableConnection,
  type SealingTarget,
} from './connection-record.ts';
import { fieldsText, tokenPart, type AcquiredTokens } from './connection-tokens.ts';
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
  /** What they were begun at, and are tried at and nowhere else; absent: they are begun now. */
  readonly boundTo?: Binding;
}

/** Some that it is known of where they may go. */
export type BoundCandidate = Candidate & { readonly boundTo: Binding };

/** A trial, and where it was made. */
export type BoundTrial =
  (Extract<Trial, { works: true }> & { readonly boundTo: Binding }) | Extract<Trial, { works: false }>;

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
  /** Tries them at the provider, unless the tenant has chosen other hosts since they were begun; nothing is kept. */
  readonly try: (target: CandidateTarget, candidate: Candidate) => Promise<BoundTrial>;
  /** The parts of the record that they change. */
  readonly seal: (target: SealingTarget, candidate: BoundCandidate, identity: string | null) => NewCredentials;
  readonly sealFields: (target: SealingTarget, fields: Readonly<Record<string, unknown>>) => string;
  /**
   * Saves them over whatever is there: they are the newest that the subject granted. What they were waiting in is taken
   * away in the same step, so that they are used once, and a store that fails loses nothing.
   *
   * @throws AuthorizationError CONNECTION_NOT_FOUND when the connection was removed meanwhile; what `ifGone` gives.
   */
  readonly keep: (id: string, credentials: NewCredentials, from?: WaitingPlace) => Promise<ConnectionRecord>;
  /** Takes tokens back at the provider that will not be kept (`Discarding.discard`). Never throws. */
  readonly drop: (connection: OpenableConnection, candidate: BoundCandidate, identity?: string | null) => Promise<void>;
  /** The client at the connector's authorization server. @throws as `OAuthClients` */
  readonly oauthClient: (
    target: Omit<CandidateTarget, 'id'> & { readonly id?: string },
    fields: Readonly<Record<string, unknown>>,
  ) => Promise<{ readonly client: OAuthClient; readonly registration: Registration | undefined }>;
}

export function createCandidates(options: ConnectingOptions): Candidates {
  const { records, keyRing, stored, registrations, sender, discarding } = options;
  const sealFields = (target: SealingTarget, fields: Readonly<Record<string, unknown>>) =>
    keyRing.seal(fieldsText(fields), sealIdentity(target, 'fields'));
  const seal: Candidates['seal'] = (target, { fields, acquired, tokens, boundTo }, identity) => ({
    state: 'STARTED',
    reason: null,
    connectedAt: options.now(),
    identity,
    boundTo,
    fields: sealFields(target, fields),
    acquired: keyRing.seal(fieldsText(acquired), sealIdentity(target, 'acquired')),
    ...(tokens ? tokenPart(target, tokens, keyRing) : { failures: 0, retryAt: null }),
  });
  return {
    sealFields,
    seal,
    async try({ id, tenant, connector }, candidate) {
      const registration = await registrations.find(tenant, connector);
      const credentials = candidateCredentials(connector, candidate, registration);
      const { fields, acquired, boundTo: begunAt } = candidate;
      const bind = (more: Readonly<Record<string, unknown>>) =>
        bindingOf(connector, registration, { ...fields, ...acquired, ...more });
      try {
        if (begunAt) await checkBegun({ connector, registration }, begunAt, fields);
        await bind({});
        const trial = await tryConnection(connector, credentials, {
          sender,
          baseUri: registration?.endpoints.baseUri,
          id,
        });
        return trial.works ? { ...trial, boundTo: await bind(trial.acquired) } : trial;
      } catch (error) {
        return { works: false, problem: problemOf(error, connector) };
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
        const next = { ...value, ...credentials };
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
      await discarding.discard(connection, seal(sealingTarget(connection), candidate, identity));
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
  const all = hideFields({ ...declaredFields(connector, registration), ...fields, ...acquired });
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
