/** Puts the halves of `Connecting` together: the application's, and the browser's. */
import type { Connector } from '../connector/definition.ts';
import { AuthorizationError, GatewayError } from '../errors.ts';
import { createAdopting } from './adopt-credentials.ts';
import { createBeginning } from './begin-connecting.ts';
import { createBrowserSteps } from './browser-steps.ts';
import type { Caller } from './caller.ts';
import { createCandidates } from './connection-candidate.ts';
import { createDeviceConnecting } from './device-connecting.ts';
import type { Connecting } from './connecting.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import { connectionKind, type ConnectionRecord } from './connection-record.ts';
import { withCredentials } from './discarding.ts';
import { findCredentials, invalidCode, listCredentials } from './finish-code.ts';
import type { OwnedConnection, Owner } from './owner.ts';
import { tolerant } from './seal.ts';
import { allows, allowsSome, forbidden, managingKind, scopeOf } from './scopes.ts';
import type { PlannedRevocation } from './revocation.ts';
import { tryConnection } from './try-connection.ts';

export function createConnecting(options: ConnectingOptions): Connecting {
  const { records, stored, registrations } = options;
  const { connectors: byName } = options;
  const candidates = createCandidates(options);

  const connectorOf = (name: string): Connector => {
    const connector = byName.get(name);
    if (connector) return connector;
    const message = `The connector ${name} of this connection is no longer loaded.`;
    throw new GatewayError('CONNECTOR_UNKNOWN', message, { connector: name });
  };
  const device = createDeviceConnecting(options, candidates, connectorOf);
  const beginning = createBeginning(options, candidates, device, removeConnection);
  const findOwned = async (caller: Caller, id: string): Promise<ConnectionRecord> => {
    const record = await stored.find(caller, id);
    if (record) return record;
    throw new AuthorizationError('CONNECTION_NOT_FOUND', `There is no connection ${JSON.stringify(id)} of yours.`);
  };

  return {
    begin: (caller, connector, input, way) => beginning.begin(caller, connector, input, way),
    beginAgain: async (caller, id, input) => {
      const record = await findOwned(caller, id);
      return beginning.beginAgain(record, connectorOf(record.value.connector), input);
    },
    ...createBrowserSteps(options, candidates, connectorOf),
    advance: (record) => device.advance(record),
    adopt: createAdopting(options, candidates),

    async finish(caller, code) {
      const isOurs = (owner: Owner) => isOwner(caller, owner);
      const { record, owned, credentials } = await findCredentials(records, code, options.now(), isOurs);
      requireManaging(caller, owned);
      return candidates.keep(owned.connection, credentials, { record, ifGone: invalidCode });
    },

    async test(caller, id) {
      const record = await findOwned(caller, id);
      const connector = connectorOf(record.value.connector);
      // Nothing was ever acquired: a provider that answers strangers too would make it look connected.
      if (record.value.acquired === null) {
        return { connection: record, works: false, problem: record.value.reason ?? notConnectedYet(connector) };
      }
      const registration = await registrations.find(record.value.tenant, connector);
      const run = { sender: options.sender, baseUri: registration?.endpoints.baseUri, id };
      const trial = await tryConnection(connector, await options.credentialsOf(record, connector), run);
      // Using the credentials may have changed the record: renewed tokens, or REAUTH_REQUIRED, which says more than ERROR.
      const current = await findOwned(caller, id);
      const works = { state: 'STARTED', reason: null, identity: trial.works ? trial.identity : null } as const;
      const fails = current.value.state === 'REAUTH_REQUIRED' ? {} : { state: 'ERROR' as const };
      const problem = trial.works ? null : trial.problem;
      const change = trial.works ? works : { ...fails, reason: problem };
      return { connection: (await stored.change(current, change)) ?? current, works: trial.works, problem };
    },

    async disconnect(caller, id) {
      await options.beforeRemoval?.(caller.tenant, (await findOwned(caller, id)).id);
      for (;;) {
        const isTold = await removeConnection(await findOwned(caller, id));
        if (isTold !== undefined) return isTold;
      }
    },
  };

  /** @returns whether the provider has been told, or has nothing to be told; `undefined` when the record was changed meanwhile. */
  async function removeConnection(record: ConnectionRecord): Promise<boolean | undefined> {
    const { id } = record;
    const parked = await listCredentials(records, id);
    const all = [record, ...parked.map(({ credentials }) => withCredentials(record, credentials))];
    const plans = all.map(planRevocation);
    const planned = plans.flatMap((plan) => plan ?? []);
    // Together: nobody uses these tokens again, and none is forgotten before its provider was told.
    const removal = { change: 'remove', kind: connectionKind, id, version: record.version } as const;
    const codes = parked.map(({ record: { kind, id: code } }) => ({ change: 'remove', kind, id: code }) as const);
    const others = (await options.removedWith?.(id)) ?? [];
    const { committed } = await records.commit([removal, ...codes, ...planned, ...others]);
    if (!committed) return undefined;
    stored.wasChanged(record, undefined);
    options.forget(id);
    // It is removed by now: whatever fails here is tried again for a day.
    const done = planned.map((revocation) => options.revocations.attempt(revocation.id).catch(() => false));
    return (await Promise.all(done)).every(Boolean) && !plans.includes(undefined);
  }

  /** `undefined`: it has tokens that nobody can open, or its connector is no longer loaded, so that nobody can be told. */
  function planRevocation(record: ConnectionRecord): readonly PlannedRevocation[] | undefined {
    const connector = byName.get(record.value.connector);
    if (!connector) return record.value.tokens === null ? [] : undefined;
    return tolerant(() => [options.revocations.plan(record, connector)].filter((one) => one !== undefined));
  }
}

function notConnectedYet({ name, title = name }: Connector): string {
  return `${title} is not connected yet: finish what \`connect\` began, or begin again with \`reconnect\`.`;
}

function isOwner(caller: Caller, owner: Owner): boolean {
  if (owner.tenant !== caller.tenant) return false;
  return owner.subject === null ? allowsSome(caller.scopes, managingKind(null)) : owner.subject === caller.subject;
}

/** @throws CallerError FORBIDDEN */
function requireManaging({ scopes }: Caller, { subject, connector }: OwnedConnection): void {
  const kind = managingKind(subject);
  if (!allows(scopes, kind, connector)) throw forbidden(scopeOf(kind, connector), connector);
}
