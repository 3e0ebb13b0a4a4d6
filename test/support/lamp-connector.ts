/** A connector whose lamps are things, over rows in memory. */
import { createCredentials } from '../../src/connection/configured-connections.ts';
import type { ActionRun } from '../../src/connector/run-action.ts';
import type { Connector } from '../../src/connector/definition.ts';

export interface LampRow {
  readonly id: number;
  readonly name?: string;
  readonly online?: boolean;
  readonly state?: { readonly level?: number | null; readonly on?: boolean; readonly mode?: string };
  readonly seen_at?: string;
}

export interface Lamps {
  readonly connector: Connector;
  /** What the provider has; a test changes it. */
  rows: LampRow[];
  /** What was asked: `list`, `get 1`, `set 1 50`. */
  readonly asked: string[];
}

/** Lists by pages of two where it pages. */
export function lampConnector({ pages = false, lookup = true } = {}): Lamps {
  const lamps: Lamps = { rows: [], asked: [], connector: undefined as never };
  const fields = [
    { name: 'id', type: 'integer', optional: false },
    { name: 'name' },
    { name: 'online', type: 'boolean' },
    {
      name: 'state',
      type: 'object',
      properties: [{ name: 'level', type: 'integer' }, { name: 'on', type: 'boolean' }, { name: 'mode' }],
    },
    { name: 'seen_at', type: 'date_time' },
  ] as const;
  const lamp: NonNullable<Connector['objects']>[string] = {
    key: 'id',
    ...(lookup && { lookup: 'get_lamp' }),
    fields,
    thing: {
      manufacturer: 'Acme',
      displayType: 'core.LAMP',
      list: 'list_lamps',
      available: 'online',
      measuredAt: 'seen_at',
      intervalMs: 7_000,
      components: {
        bulb: {
          componentType: 'core.LAMP',
          capabilities: ['core.SWITCHABLE'],
          properties: {
            level: { field: 'state.level', unit: '%', propertyType: 'core.DIM_LEVEL' },
            on: { field: 'state.on' },
            mode: { field: 'state.mode', name: 'Way of light' },
          },
          actions: { dim: { action: 'set_level', input: { lamp_id: 'id' } } },
        },
      },
    },
  };
  const connector: Connector = {
    name: 'lights',
    title: 'Lights',
    objects: { lamp },
    actions: {
      list_lamps: {
        readOnly: true,
        output: lamp,
        ...(pages ? { paginate: { strategy: 'page', sizeParam: 'size', pageSize: 2 } } : { list: true }),
        execute: (_connection, _input, page) => {
          lamps.asked.push(pages ? `list ${page.number}` : 'list');
          if (!pages) return lamps.rows;
          const start = ((page.number ?? 1) - 1) * 2;
          return {
            rows: lamps.rows.slice(start, start + 2),
            next: start + 2 < lamps.rows.length ? page.number! + 1 : null,
          };
        },
      },
      get_lamp: {
        readOnly: true,
        input: [{ name: 'id', type: 'integer', optional: false }],
        output: lamp,
        execute: (_connection, { id }) => {
          lamps.asked.push(`get ${id}`);
          return lamps.rows.find((row) => row.id === id) ?? null;
        },
      },
      set_level: {
        input: [
          { name: 'lamp_id', type: 'integer', optional: false },
          { name: 'level', type: 'integer', optional: false },
          { name: 'fade', type: 'boolean' },
        ],
        output: [{ name: 'done', type: 'boolean' }],
        execute: (_connection, { lamp_id, level }) => {
          lamps.asked.push(`set ${lamp_id} ${level}`);
          return { done: true };
        },
      },
    },
  };
  return Object.assign(lamps, { connector });
}

/** With which its actions run: nothing is sent. */
export function lampRun(id = 'c1'): ActionRun {
  return { id, credentials: createCredentials({}), signal: new AbortController().signal };
}

/** Where nothing is sent. */
export const noSender = { send: () => Promise.reject(new Error('nothing is sent')), close: async () => {} };
