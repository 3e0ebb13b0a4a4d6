/** Connecting by a device code: the subject says yes on another device, and whoever asks for the connection learns of it. */
import type { Connector } from '../connector/definition.ts';
import { GatewayError } from '../errors.ts';
import type { StoredRecord } from '../storage/records.ts';
import type { Candidate, Candidates } from './connection-candidate.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import type { BegunDevice } from './connecting.ts';
import { sealingTarget, type ConnectionRecord } from './connection-record.ts';
import { openFields } from './connection-tokens.ts';
import { beginDeviceFlow, deviceFlowKind, pollDevice, type DeviceFlowValue, type DevicePoll } from './device-flow.ts';
import { isSameOwner } from './owner.ts';

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
  return {
    async begin(record, connector, fields, asked) {
      const { id, value } = record;
      const { client } = await candidates.oauthClient({ id, tenant: value.tenant, connector }, fields);
      // As in a browser: new tokens replace the old ones with all that these may do.
      const scopes = [...new Set([...client.scopes, ...asked, ...value.scopes])];
      const { tenant, subject } = value;
      const begun = await beginDeviceFlow(desk, { client, tenant, subject, connectionId: id, scopes });
      return {
        userCode: begun.userCode,
        verificationUrl: begun.verificationUri,
        verificationUrlComplete: begun.verificationUriComplete ?? null,
        expiresAt: begun.expiresAt,
      };
    },

    async advance(record) {
      const { id, value } = record;
      const [flow] = await records.list(deviceFlowKind, { tenant: value.tenant, connection: id }, { limit: 1 });
      if (!flow || !isSameOwner((flow as StoredRecord<DeviceFlowValue>).value, value)) return record;
      const connector = connectorOf(value.connector);
      const target = { id, tenant: value.tenant, connector };
      const fields = openFields(record, 'fields', keyRing);
      try {
        const polled = await pollDevice(
          desk,
          flow.id,
          async () => (await candidates.oauthClient(target, fields)).client,
        );
        return polled.state === 'pending' ? record : await keep(record, connector, polled, fields);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return fail(record, error.message);
      }
    },
  };

  async function keep(
    record: ConnectionRecord,
    connector: Connector,
    { tokens, scopes, expiresAt }: Extract<DevicePoll, { state: 'granted' }>,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<ConnectionRecord> {
    const { id, value } = record;
    const candidate: Candidate = { fields, acquired: {}, tokens: { tokens, scopes, expiresAt } };
    const trial = await candidates.try({ id, tenant: value.tenant, connector }, candidate);
    if (!trial.works) {
      await candidates.drop(record, candidate);
      return fail(record, trial.problem);
    }
    const tried = { ...candidate, acquired: trial.acquired };
    try {
      return await candidates.keep(id, candidates.seal(sealingTarget(record), tried, trial.identity));
    } catch (error) {
      await candidates.drop(record, candidate, trial.identity);
      throw error;
    }
  }

  /** A connection that never worked says why; one that works goes on as it was. */
  async function fail(record: ConnectionRecord, reason: string): Promise<ConnectionRecord> {
    if (record.value.state !== 'PENDING' && record.value.state !== 'ERROR') return record;
    return (await stored.change(record, { state: 'ERROR', reason })) ?? record;
  }
}
