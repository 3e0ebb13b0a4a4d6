/** An authorization that was begun, as it is kept until the provider answers: for ten minutes, and for one answer. */
import { createHash } from 'node:crypto';
import { AuthorizationError } from '../errors.ts';
import type { Change, RecordValue, Records } from '../storage/records.ts';
import type { Binding } from './connection-binding.ts';
import { connectionIdentity, type OwnedConnection } from './owner.ts';

export interface FlowValue extends RecordValue {
  readonly tenant: string;
  readonly subject: string | null;
  readonly connector: string;
  readonly connection: string;
  /** Last part of the redirect URI, and so of the path of the answer. */
  readonly context: string;
  readonly redirectUri: string;
  /** Sealed; `flowSealIdentity`. */
  readonly verifier: string;
  readonly nonce: string | null;
  readonly issuer: string | null;
  readonly scopes: readonly string[];
  /** Where it was begun, and is ended or not at all. */
  readonly boundTo: Binding;
  /** SHA-256 of what the browser carries that began it; `null`: it may end in any. */
  readonly browser: string | null;
  readonly returnUrl: string | null;
  /** What the application wants to get back. */
  readonly applicationState: string | null;
}

/** Kind of the record. */
export const flowKind = 'oauth_flow';

/** A code lives ten minutes at most (RFC 6749 §4.1.2): an older flow is of no use. */
export const flowTtlMs = 10 * 60_000;

/** Secrets of flows and sessions are looked up by their hash, so that the store does not hold them. */
export function flowIdOf(state: string): string {
  return createHash('sha256').update(state).digest('base64url');
}

/** The same for what binds a flow to a browser. */
export const browserHash = flowIdOf;

/** What the verifier of a flow is bound to. */
export function flowSealIdentity(id: string, flow: OwnedConnection): readonly string[] {
  return [flowKind, ...connectionIdentity(flow), id, 'verifier'];
}

export interface Flow {
  readonly id: string;
  readonly value: FlowValue;
}

/** The change that keeps a flow; to be committed before the subject is sent away. */
export function keepFlow({ id, value }: Flow, now: number): Change {
  return {
    change: 'create',
    kind: flowKind,
    id,
    value,
    expiresAt: now + flowTtlMs,
    indexes: { tenant: value.tenant, connection: value.connection },
  };
}

/**
 * Takes the flow that an answer belongs to. It is gone from then on, whatever comes of the answer: a state that is used
 * twice is an attack or a reload, and neither may ask for tokens.
 *
 * @throws AuthorizationError AUTHORIZATION_ANSWER_INVALID without exactly one `state`; AUTHORIZATION_FLOW_UNKNOWN when it
 * is unknown, older than ten minutes, or was used. @throws GatewayError of the store: then nothing was taken.
 */
export async function takeFlow(records: Records, callback: URLSearchParams): Promise<Flow> {
  const states = callback.getAll('state');
  const [state] = states;
  if (states.length !== 1 || state === undefined || state === '') {
    throw new AuthorizationError(
      'AUTHORIZATION_ANSWER_INVALID',
      `The answer of the authorization server carries ${states.length === 0 || state === '' ? 'no state' : 'several states'}, so it belongs to nothing that was begun here. Begin again.`,
    );
  }
  const record = await records.take(flowKind, flowIdOf(state));
  if (record) return { id: record.id, value: record.value as FlowValue };
  throw new AuthorizationError(
    'AUTHORIZATION_FLOW_UNKNOWN',
    'There is no authorization under way for this answer: it took longer than ten minutes, or was answered already. Begin again.',
  );
}
