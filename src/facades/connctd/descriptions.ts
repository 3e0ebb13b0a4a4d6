/** `/connectors/descriptions`: every connector with a sample of what its instances and clients are configured with. */
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { connectionNotation } from '../../connection/entered-fields.ts';
import { oauthWays, registrationNotation } from '../../connection/registration.ts';
import type { Connector } from '../../connector/definition.ts';
import { choicesOf, type Field, type FieldType, type Notation } from '../../notation/field.ts';
import type { FacadeRooms } from '../facade.ts';
import { notFound } from './failure.ts';

/** Where connctd's clients say where the browser ends: our registration's `returnUrl`. */
export const callbackField = 'origin_callback_uri';
const sampleCallback = 'http://localhost:9999/callback';

/** Nobody has to say who asks: a developer reads what there is before there is an account. */
export function addDescriptionRoutes(app: FastifyInstance, { served }: FacadeRooms): void {
  app.get('/connectors/descriptions', { exposeHeadRoute: false }, async () => {
    const { connectors } = served();
    const ids = descriptionIds(connectors.keys());
    return [...connectors.values()].sort(byName).map((connector) => describe(connector, ids.get(connector.name)!));
  });
  app.get<{ Params: { id: string } }>('/connectors/descriptions/:id', { exposeHeadRoute: false }, async (request) => {
    const { connectors } = served();
    const [name, id] =
      [...descriptionIds(connectors.keys())].find(([, each]) => String(each) === request.params.id) ?? [];
    const connector = name === undefined ? undefined : connectors.get(name);
    if (connector && id !== undefined) return describe(connector, id);
    throw notFound('CONNECTOR_DOESNT_EXIST', 'There is no connector of that id.');
  });
}

/**
 * connctd numbers its connectors. The number is made of the name, so that it is the same on every replica and stays when
 * other connectors come and go; of two names that give one number the later takes the next that is free.
 */
export function descriptionIds(names: Iterable<string>): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  const taken = new Set<number>();
  for (const name of [...names].sort()) {
    let id = createHash('sha256').update(name).digest().readUInt32BE() >>> 1;
    while (taken.has(id)) id += 1;
    taken.add(id);
    ids.set(name, id);
  }
  return ids;
}

function describe(connector: Connector, id: number) {
  const { name, title = name, description = '', logo = '' } = connector;
  return {
    id,
    type_id: name,
    name: title,
    description,
    logo,
    sample_instance_configuration: sampleOf(connector, instanceNotation(connector)),
    sample_client_configuration: sampleOf(connector, connectionNotation(connector)),
  };
}

/** What an instance is configured with: the registration, and for OAuth 2.0 where the browser ends. */
export function instanceNotation(connector: Connector): Notation {
  const fields = registrationNotation(connector);
  return oauthWays(connector).length > 0 ? [...fields, { name: callbackField, default: sampleCallback }] : fields;
}

function sampleOf({ name }: Connector, notation: Notation) {
  // A client that signs has a key instead of a secret: a sample shows the usual one of the two.
  const shown = notation.filter((field) => field.name !== 'private_key');
  const values = shown.map((field, index) => [field.name, sampleValue(field, index)]);
  return { connector_type_id: name, ...(values.length > 0 && { configuration: Object.fromEntries(values) }) };
}

/** `abc`, `def`, … as connctd's own samples have it. */
function sampleValue(field: Field, index: number): unknown {
  if (field.default !== undefined) return field.default;
  const [choice] = choicesOf(field) ?? [];
  if (choice) return choice[1];
  const sample = samples[field.type ?? 'string'];
  return sample ?? [0, 1, 2].map((offset) => String.fromCharCode(97 + ((3 * index + offset) % 26))).join('');
}

const samples: Partial<Record<FieldType, unknown>> = { integer: 1, number: 1, boolean: true, array: [], object: {} };

function byName(one: Connector, other: Connector): number {
  return one.name < other.name ? -1 : 1;
}
