/** Puts `Research` together: contexts in the store, each changed by compare-and-set. */
import type { Owner } from '../connection/owner.ts';
import { InputError } from '../errors.ts';
import type { JsonValue, Records } from '../storage/records.ts';
import { checkName, checkPort, checkPorts } from './check-research.ts';
import {
  addRecord,
  findByNumber,
  isOf,
  listRecords,
  readContext,
  researchKind,
  type ResearchRecord,
  type ResearchValue,
} from './research-record.ts';
import { researchStates, type OwnersResearch, type Research, type ResearchContext } from './research.ts';

export function createResearch(records: Records): Research {
  return {
    of: (owner) => researchOf(records, owner),
    async findInTenant(tenant, number) {
      const record = await findByNumber(records, tenant, number);
      return record && readContext(record);
    },
  };
}

function researchOf(records: Records, owner: Owner): OwnersResearch {
  const find = async (id: string): Promise<ResearchRecord | undefined> => {
    const record = (await records.get(researchKind, id)) as ResearchRecord | undefined;
    return record && isOf(record.value, owner) ? record : undefined;
  };
  /** As often as somebody else was first. */
  const change = async (
    id: string,
    make: (context: ResearchContext) => Partial<ResearchValue>,
  ): Promise<ResearchContext> => {
    for (;;) {
      const record = await find(id);
      if (!record) throw notFound();
      const value = { ...record.value, ...make(readContext(record)) };
      const changed = await records.compareAndSet(researchKind, record.id, record.version, value);
      if (changed) return readContext(changed as ResearchRecord);
    }
  };
  const step = (id: string, toPlace: (place: number) => number) =>
    change(id, ({ state }) => {
      const place = researchStates.indexOf(state);
      return { state: researchStates[Math.max(place, Math.min(toPlace(place), researchStates.length - 1))]! };
    });

  return {
    list: async () => (await listRecords(records, owner)).map(readContext),
    async find(id) {
      const record = await find(id);
      return record && readContext(record);
    },
    async create({ name = null, imports = [], exports = [] } = {}) {
      const given = {
        name: checkName(name),
        imports: toJson(checkPorts(imports, 'imports')),
        exports: toJson(checkPorts(exports, 'exports')),
      };
      return readContext(await addRecord(records, owner, given));
    },
    rename: (id, name) => change(id, () => ({ name: checkName(name) })),
    setPort: (id, direction, given) =>
      change(id, (context) => {
        const port = checkPort(given, 'port');
        const ports = context[direction];
        const place = ports.findIndex((each) => each.port === port.port);
        const others = place < 0 ? [...ports, port] : ports.with(place, port);
        return { [direction]: toJson(checkPorts(others, direction)) };
      }),
    removePorts: (id, direction, isMeant) =>
      change(id, (context) => ({
        [direction]: toJson(context[direction].filter((port, index) => !isMeant(port, index))),
      })),
    advance: (id) => step(id, (place) => place + 1),
    reach: (id, state) => step(id, () => researchStates.indexOf(state)),
  };
}

function toJson(ports: unknown): JsonValue {
  return ports as JsonValue;
}

function notFound(): InputError {
  return new InputError('RESEARCH_NOT_FOUND', 'There is no research context of that id of yours.');
}
