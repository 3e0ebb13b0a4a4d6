/** Connecting by a device code: the subject says yes on another device, and whoever asks for the connection learns of it. */
import type { Connector } from '../connector/definition.ts';
import { AuthorizationError, ProviderError } from '../errors.ts';
import type { StoredRecord } from '../storage/records.ts';
import type { Candidates } from './connection-candidate.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import type { BegunDevice } from './connecting.ts';
import { checkBegun } from './check-binding.ts';
import { bindingOf } from './connection-binding.ts';
import { connectionKind, sealingTarget, type ConnectionRecord } from './connection-record.ts';
import { openFields, openTokens, type AcquiredTokens } from './connection-tokens.ts';
import { beginDeviceFlow, deviceFlowKind, pollDevice, type DeviceFlowValue } from './device-flow.ts';
import { withCredentials } from './discarding.ts';
import { finishKind, invalidCode, parkCredentials, toParked } from './finish-code.ts';
import { isSameOwner } from './owner.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface DeviceConnecting {
  /** Asks the provider for a code that the subject enters there. @throws as `beginDeviceFlow` */
  readonly begin: (
    record: ConnectionRecord,
    connector: Connector,
    fields: Readonly<Record<string, unknown>>,
    scopes: readonly string[],
  ) => Promise<BegunDevice>;
  /**
   * Asks the provider whether the subject has said yes, no more often than it allows: the connection as it is after that.
   * One that waits for no device is given back as it is.
   */
  readonly advance: (record: ConnectionRecord) => Promise<ConnectionRecord>;
}

export function createDeviceConnecting(
  options: ConnectingOptions,
  candidates: Candidates,
  connectorOf: (name: string) => Connector,
): DeviceConnecting {
  const { records, keyRing, stored, now } = options;
  const desk = { records, keyRing, now };
  // Granted, by flow, and not in the store yet: usually for as long as one write takes.
  const unparked = new Map<string, AcquiredTokens>();
  return {
    async begin(record, connector, fields, asked) {
      const { id, value } = record;
      const { client, registration } = await candidates.oauthClient({ id, tenant: value.tenant, connector }, fields);
      const boundTo = await bindingOf(connector, registration, fields);
      // As in a browser: new tokens replace the old ones with all that these may do.
      const scopes = [...new Set([...client.scopes, ...asked, ...value.scopes])];
      const { tenant, subject } = value;
      const begun = await beginDeviceFlow(desk, { client, tenant, subject, connectionId: id, scopes, boundTo });
      return {
        userCode: begun.userCode,
        verificationUrl: begun.verificationUri,
        verificationUrlComplete: begun.verificationUriComplete ?? null,
        expiresAt: begun.expiresAt,
      };
    },

    async advance(record) {
      const { id, value } = record;
      const [found] = await records.list(deviceFlowKind, { tenant: value.tenant, connection: id }, { limit: 1 });
      const flow = found as StoredRecord<DeviceFlowValue> | undefined;
      if (!flow || !isSameOwner(flow.value, value)) return record;
      const connector = connectorOf(value.connector);
      const target = { id, tenant: value.tenant, connector };
      const fields = openFields(record, 'fields', keyRing);
      const clientOf = async ({ boundTo }: DeviceFlowValue) => {
        const { client, registration } = await candidates.oauthClient(target, fields);
        try {
          await checkBegun({ connector, registration }, boundTo, fields);
        } catch (error) {
          await records.remove(deviceFlowKind, flow.id);
          throw error;
        }
        return client;
      };
      const onGranted = async (claimed: StoredRecord<DeviceFlowValue>, acquired: AcquiredTokens) => {
        unparked.set(claimed.id, acquired);
      };
      try {
        if (flow.value.parked === undefined) {
          const polled = unparked.has(flow.id) || (await pollDevice(desk, flow.id, clientOf, onGranted));
          if (polled !== true && polled.state === 'pending') return record;
          await park(flow, record, fields);
        }
      } catch (error) {
        // Whatever is wrong with the gateway, its store above all, says nothing of the connection.
        if (error instanceof AuthorizationError) return fail(record, error.message);
        // The provider is asked again at the next look, unless it has ended the flow.
        if (error instanceof ProviderError && (await records.get(deviceFlowKind, flow.id))) return record;
        if (error instanceof ProviderError) return fail(record, error.message);
        throw error;
      }
      return keep(flow.id, record, connector, fields);
    },
  };

  /**
   * Puts granted tokens into the store, so that any replica goes on with them. Where that fails they stay in memory, and
   * the next look tries it again.
   */
  async function park(
    { id: flowId, value: { boundTo } }: StoredRecord<DeviceFlowValue>,
    record: ConnectionRecord,
    fields: Fields,
  ): Promise<void> {
    const tokens = unparked.get(flowId);
    if (!tokens) throw new TypeError('Tokens that were just granted are gone.');
    const { tenant, subject, connector } = record.value;
    const owned = { tenant, subject, connector, connection: record.id };
    for (;;) {
      const flow = (await records.get(deviceFlowKind, flowId)) as StoredRecord<DeviceFlowValue> | undefined;
      const current = await stored.read(record.id);
      if (!flow || !current) {
        unparked.delete(flowId);
        await candidates.drop(record, { fields, acquired: {}, tokens, boundTo });
        throw new AuthorizationError(
          'CONNECTION_NOT_FOUND',
          'The connection was begun anew or removed meanwhile. Connect again.',
        );
      }
      // Nobody gets the code: what waits here is kept by the next look, and taken back when nobody looks any more.
      const sealed = candidates.seal(sealingTarget(record), { fields, acquired: {}, tokens, boundTo }, null);
      const { change } = parkCredentials(owned, sealed, now());
      const parked = { ...flow.value, parked: change.id };
      const { version, value } = current;
      // Together with the connection: whoever removes it either sees what is parked or has removed it before.
      const { committed } = await records.commit([
        { change: 'compareAndSet', kind: deviceFlowKind, id: flowId, version: flow.version, value: parked },
        { change: 'compareAndSet', kind: connectionKind, id: record.id, version, value },
        change,
      ]);
      if (committed) break;
    }
    unparked.delete(flowId);
  }

  /** Tries what is parked, and keeps it. Whatever fails on the way, it stays parked, and the next look goes on. */
  async function keep(
    flowId: string,
    record: ConnectionRecord,
    connector: Connector,
    fields: Fields,
  ): Promise<ConnectionRecord> {
    const flow = (await records.get(deviceFlowKind, flowId)) as StoredRecord<DeviceFlowValue> | undefined;
    const parked = flow && (await records.get(finishKind, flow.value.parked ?? ''));
    const endFlow = () => records.remove(deviceFlowKind, flowId).catch(() => false);
    if (!parked) {
      // Another look was first.
      await endFlow();
      return (await stored.read(record.id)) ?? record;
    }
    const { credentials } = toParked(parked);
    const { scopes = [], expiresAt = null, boundTo = [] } = credentials;
    const tokens = openTokens(withCredentials(record, credentials), keyRing);
    const candidate = { fields, acquired: {}, boundTo, ...(tokens && { tokens: { tokens, scopes, expiresAt } }) };
    const trial = await candidates.try({ id: record.id, tenant: record.value.tenant, connector }, candidate);
    if (!trial.works) {
      if (await records.take(finishKind, parked.id)) await candidates.drop(record, candidate);
      await endFlow();
      return fail((await stored.read(record.id)) ?? record, trial.problem);
    }
    const tried = candidates.seal(
      sealingTarget(record),
      { ...candidate, acquired: trial.acquired, boundTo: trial.boundTo },
      trial.identity,
    );
    const kept = await candidates
      .keep(record.id, tried, { record: parked, ifGone: invalidCode })
      .catch(async (error) => {
        const current = isTaken(error) ? await stored.read(record.id) : undefined;
        if (current) return current;
        throw error;
      });
    await endFlow();
    return kept;
  }

  /** A connection that never worked says why; one that works goes on as it was. */
  async function fail(record: ConnectionRecord, reason: string): Promise<ConnectionRecord> {
    if (record.value.state !== 'PENDING' && record.value.state !== 'ERROR') return record;
    return (await stored.change(record, { state: 'ERROR', reason })) ?? record;
  }
}

/** Another look kept it, or it was removed. */
function isTaken(error: unknown): boolean {
  return error instanceof AuthorizationError && error.code === 'FINISH_CODE_INVALID';
}
