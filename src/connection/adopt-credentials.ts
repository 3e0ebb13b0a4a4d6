/** Credentials that another system got by itself and brings: kept as a connection, without a flow of ours (safety O1–O4). */
import { exists, unregistered } from './begin-connecting.ts';
import type { Candidates } from './connection-candidate.ts';
import { bindingOf } from './connection-binding.ts';
import { begunConnection, connectionKey, sealingTarget } from './connection-record.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import type { Adopt } from './connecting.ts';
import { newConnectionId } from './stored-connections.ts';

/**
 * Makes `adopt`: of any number at the same instant one is kept, together with the registration, so that whoever removes
 * that sees the connection. What never worked, or works no more, is replaced.
 */
export function createAdopting(
  { stored, registrations }: Pick<ConnectingOptions, 'stored' | 'registrations'>,
  candidates: Candidates,
): Adopt {
  return async (caller, connector, { identity, ...brought }) => {
    const { tenant, subject } = caller;
    const value = begunConnection({ tenant, subject, connector: connector.name, label: null });
    for (;;) {
      const registration = await registrations.find(tenant, connector);
      if (!registration) throw unregistered(connector);
      const same = (await stored.list(caller, connector.name)).find(
        (record) => connectionKey(record.value) === connectionKey(value),
      );
      if (same?.value.state === 'STARTED') throw exists(value);
      const id = same?.id ?? newConnectionId();
      const boundTo = await bindingOf(connector, registration, brought.fields);
      const target = sealingTarget({ id, value });
      const sealed = candidates.seal(target, { ...brought, acquired: {}, boundTo }, identity);
      if (same) return candidates.keep(id, sealed);
      const holding = await registrations.holding(tenant, connector);
      if (!holding && !registrations.ofOperator(tenant, connector)) throw unregistered(connector);
      const created = await stored.create(id, { ...value, ...sealed }, holding);
      if (!created) throw exists(value);
      // The registration was changed meanwhile: what the connection is bound to may have, too.
      if (created !== 'stale') return created;
    }
  };
}
