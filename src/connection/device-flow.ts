/** The device flow (RFC 8628): the subject enters a code elsewhere while any replica asks for the tokens. */
import { randomUUID } from 'node:crypto';
import { AuthorizationError, GatewayError } from '../errors.ts';
import type { RecordValue, Records, StoredRecord } from '../storage/records.ts';
import type { Binding } from './connection-binding.ts';
import { Secret } from '../http/secret.ts';
import { acquiredTokens, type AcquiredTokens } from './connection-tokens.ts';
import { scopeParameter, type OAuthClient } from './oauth-client.ts';
import { connectionIdentity, type OwnedConnection } from './owner.ts';
import type { KeyRing } from './seal.ts';
import { TokenFailure, tokenFailureError, type FailedTokenRequest } from './token-failure.ts';

export interface DeviceFlowValue extends RecordValue {
  readonly tenant: string;
  readonly subject: string | null;
  readonly connector: string;
  readonly connection: string;
  /** Sealed; `deviceSealIdentity`. */
  readonly deviceCode: string;
  readonly scopes: readonly string[];
  /** Where it was begun, and is ended or not at all. */
  readonly boundTo: Binding;
  readonly intervalMs: number;
  /** Not to be polled before, by whichever replica; milliseconds since 1970. */
  readonly pollAt: number;
  /** Id of the record in which the granted tokens wait to be kept; absent while nothing is granted. */
  readonly parked?: string;
}

/** Kind of the record. */
export const deviceFlowKind = 'device_flow';

export interface DeviceFlowDesk {
  readonly records: Records;
  readonly keyRing: KeyRing;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What the subject is shown. */
export interface BegunDeviceFlow {
  readonly id: string;
  readonly userCode: string;
  readonly verificationUri: string;
  /** With the code in it, for a link or a QR code. */
  readonly verificationUriComplete: string | undefined;
  readonly expiresAt: number;
  readonly pollAt: number;
}

export interface DeviceFlowRequest {
  readonly client: OAuthClient;
  readonly tenant: string;
  readonly subject: string | null;
  readonly connectionId: string;
  /** Where the client is, as far as a tenant chose it. */
  readonly boundTo: Binding;
  /** Absent: those of the client. */
  readonly scopes?: readonly string[] | undefined;
}

const defaultIntervalMs = 5_000;
/** RFC 8628 §3.5. */
const slowDownMs = 5_000;
const longestIntervalMs = 60_000;

/**
 * Asks for a user code and keeps the flow until the code expires.
 *
 * @throws AuthorizationError REGISTRATION_REFUSED. @throws ProviderError when the server gives none now.
 */
export async function beginDeviceFlow(desk: DeviceFlowDesk, request: DeviceFlowRequest): Promise<BegunDeviceFlow> {
  const { client, tenant, subject, connectionId, scopes = client.scopes } = request;
  const answer = await asking(
    () =>
      client.beginDevice({
        ...client.authorization.authorizationParams,
        ...scopeParameter(scopes, client.authorization),
      }),
    requestOf(client, connectionId),
  );
  const id = randomUUID();
  const now = desk.now();
  const intervalMs = answer.interval === undefined ? defaultIntervalMs : Math.ceil(answer.interval * 1000);
  const expiresAt = now + Math.floor(answer.expires_in * 1000);
  const place = { tenant, subject, connector: client.connector.name, connection: connectionId };
  const value: DeviceFlowValue = {
    ...place,
    deviceCode: desk.keyRing.seal(answer.device_code, deviceSealIdentity(id, place)),
    scopes,
    boundTo: request.boundTo,
    intervalMs,
    pollAt: now + intervalMs,
  };
  const indexes = { tenant, connection: connectionId };
  if (!(await desk.records.create(deviceFlowKind, id, value, { indexes, expiresAt }))) {
    throw new GatewayError('INTERNAL_ERROR', 'Two device flows were given the same id.');
  }
  return {
    id,
    userCode: answer.user_code,
    verificationUri: answer.verification_uri,
    verificationUriComplete: answer.verification_uri_complete,
    expiresAt,
    pollAt: value.pollAt,
  };
}

/** What a device code is bound to. */
export function deviceSealIdentity(id: string, flow: OwnedConnection): readonly string[] {
  return [deviceFlowKind, ...connectionIdentity(flow), id, 'deviceCode'];
}

/** `pending`: ask again at `pollAt`. `granted`: what `onGranted` did with the tokens was done. */
export type DevicePoll =
  { readonly state: 'pending'; readonly pollAt: number } | ({ readonly state: 'granted' } & AcquiredTokens);

/**
 * One step of a flow, for any replica: asks the server, unless it is too early or another replica is asking.
 *
 * @param clientOf - the client of the flow, as it is configured now.
 * @param onGranted - takes the tokens, which exist nowhere else, before anything can get between. Absent: the flow is
 *   removed, and the caller has them.
 * @throws AuthorizationError AUTHORIZATION_FLOW_UNKNOWN when the code has expired or was used; CONNECTION_DENIED;
 *   REGISTRATION_REFUSED. The flow is gone then. A server that fails leaves it pending, with longer pauses.
 */
export async function pollDevice(
  desk: DeviceFlowDesk,
  flowId: string,
  clientOf: (flow: DeviceFlowValue) => Promise<OAuthClient>,
  onGranted?: (flow: StoredRecord<DeviceFlowValue>, acquired: AcquiredTokens) => Promise<void>,
): Promise<DevicePoll> {
  const record = (await desk.records.get(deviceFlowKind, flowId)) as StoredRecord<DeviceFlowValue> | undefined;
  if (!record) throw unknownFlow();
  const { value } = record;
  if (desk.now() < value.pollAt) return { state: 'pending', pollAt: value.pollAt };
  const pollAt = desk.now() + value.intervalMs;
  // Whoever moves the time on is the one that asks: the interval holds for all replicas together.
  const claimed = await desk.records.compareAndSet(deviceFlowKind, flowId, record.version, { ...value, pollAt });
  if (!claimed) return { state: 'pending', pollAt };
  const client = await clientOf(value);
  const deviceCode = desk.keyRing.open(value.deviceCode, deviceSealIdentity(flowId, value));
  try {
    const answer = await client.pollDevice(new Secret(deviceCode), client.authorization.tokenParams ?? {});
    const acquired = acquiredTokens(answer, desk.now(), value.scopes);
    if (onGranted) await onGranted(claimed as StoredRecord<DeviceFlowValue>, acquired);
    // A flow that stays although it was granted is found out by the next poll; these tokens stand nowhere else.
    else await desk.records.remove(deviceFlowKind, flowId).catch(() => false);
    return { state: 'granted', ...acquired };
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error;
    return afterRefusal(desk, claimed as StoredRecord<DeviceFlowValue>, error, client);
  }
}

async function afterRefusal(
  desk: DeviceFlowDesk,
  flow: StoredRecord<DeviceFlowValue>,
  failure: TokenFailure,
  client: OAuthClient,
): Promise<DevicePoll> {
  const { value, id, version } = flow;
  if (failure.kind === 'pending') return { state: 'pending', pollAt: value.pollAt };
  if (failure.kind === 'slow_down' || failure.kind === 'passing') {
    // RFC 8628 §3.5: five seconds more for `slow_down`, and twice the pause for a server that does not answer.
    const slower = failure.kind === 'slow_down' ? value.intervalMs + slowDownMs : Math.max(1_000, value.intervalMs * 2);
    const intervalMs = failure.kind === 'slow_down' ? slower : Math.min(longestIntervalMs, slower);
    const pollAt = desk.now() + Math.max(intervalMs, Math.min(failure.retryAfterMs ?? 0, 5 * 60_000));
    await desk.records.compareAndSet(deviceFlowKind, id, version, { ...value, intervalMs, pollAt });
    return { state: 'pending', pollAt };
  }
  await desk.records.remove(deviceFlowKind, id);
  throw failure.kind === 'grant' ? unknownFlow() : tokenFailureError(failure, requestOf(client, value.connection));
}

/**
 * Polls until the subject has decided.
 *
 * @param pause - waits; tests give one that does not.
 * @throws as `pollDevice`; the reason of `signal`.
 */
export async function untilGranted(
  poll: () => Promise<DevicePoll>,
  begun: Pick<BegunDeviceFlow, 'pollAt'>,
  options: {
    readonly now: () => number;
    readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<AcquiredTokens> {
  for (let { pollAt } = begun; ;) {
    options.signal.throwIfAborted();
    await options.pause(Math.max(0, pollAt - options.now()), options.signal);
    const polled = await poll();
    if (polled.state === 'granted') return polled;
    ({ pollAt } = polled);
  }
}

async function asking<T>(work: () => Promise<T>, request: FailedTokenRequest): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error;
    throw tokenFailureError(error, request);
  }
}

function requestOf({ title, connector }: OAuthClient, connection: string): FailedTokenRequest {
  return { title, connector: connector.name, connection };
}

function unknownFlow(): AuthorizationError {
  return new AuthorizationError(
    'AUTHORIZATION_FLOW_UNKNOWN',
    'The code of this device has expired or was used already. Begin again.',
  );
}
