/** Plugboard with one connector that is a directory, shows things and has projects: asked in GraphQL and through the facades. */
import { insecureCaller } from '../../src/connection/caller.ts';
import { defineAction, defineConnector, defineObject, path } from '../../src/connector/define.ts';
import { createGateway } from '../../src/gateway.ts';
import { answerParent } from '../child.ts';

const origin = process.argv[2]!;
const subject = 'ada';

const order = defineObject({
  key: 'id',
  lookup: 'get_order',
  fields: [
    { name: 'id', type: 'integer', optional: false },
    { name: 'number' },
    { name: 'quantity', type: 'integer' },
    { name: 'updated_at', type: 'date_time' },
    { name: 'links', type: 'object', properties: [{ name: 'self' }] },
  ],
  thing: {
    manufacturer: 'Bench',
    displayType: 'core.ORDER',
    list: 'list_orders',
    name: 'number',
    measuredAt: 'updated_at',
    components: {
      order: {
        componentType: 'core.ORDER',
        properties: { quantity: { field: 'quantity', propertyType: 'core.COUNT' } },
      },
    },
  },
});
const ids = Array.from({ length: 50 }, (_, index) => 7001 + index).join(',');
const yard = defineConnector({
  name: 'yard',
  title: 'Yard',
  connection: {
    fields: [{ name: 'api_token', optional: false, controlType: 'password' }],
    baseUri: 'https://yard.example.com/',
    authorization: {
      type: 'api_key',
      apply: (request, connection) => request.headers({ 'x-api-token': connection.fields.api_token }),
    },
  },
  objects: { order },
  actions: {
    list_orders: defineAction({
      readOnly: true,
      list: true,
      output: order,
      execute: (connection) => connection.get('orders').params({ limit: 50 }),
    }),
    get_order: defineAction({
      readOnly: true,
      input: [{ name: 'id', type: 'integer', optional: false }],
      output: order,
      execute: (connection, { id }) => connection.get(path`orders/${id}`),
    }),
    list_people: defineAction({
      capability: { name: 'listAccounts', output: { username: 'name', status: () => 'ACTIVE' } },
      readOnly: true,
      list: true,
      output: [{ name: 'id', type: 'integer', optional: false }, { name: 'name' }, { name: 'email' }],
      execute: (connection) => connection.get('customers').params({ ids }),
    }),
    list_projects: defineAction({
      capability: { name: 'listProjects', output: { title: 'number', metadata: 'links' } },
      readOnly: true,
      list: true,
      output: [{ name: 'id', type: 'integer', optional: false }, { name: 'number' }, { name: 'links', type: 'object' }],
      execute: (connection) => connection.get('orders').params({ limit: 50 }),
    }),
  },
});

const gateway = await createGateway({
  connectors: [yard],
  configuration: {
    host: '127.0.0.1',
    port: 0,
    logLevel: 'error',
    insecureDev: true,
    registrations: [{ connector: 'yard', baseUri: `${origin}/` }],
    http: { allowedPrivateOrigins: [origin] },
    facades: { rds: { tenant: insecureCaller.tenant } },
  },
});
const { url } = await gateway.listen();
const ask = async (query: string): Promise<any> => {
  const headers = { 'content-type': 'application/json', 'x-external-subject-id': subject };
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const { data, errors } = (await answer.json()) as { data: unknown; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
};
const { connect } = await ask(
  'mutation { connect(connector: "yard", fields: { api_token: "bench" }) { connection { id } } }',
);
const { things } = await ask('{ things { id connectorThingId } }');
await ask('mutation { createResearchContext(input: { imports: [{ port: "port-yard", metadata: true }] }) { id } }');
answerParent({
  port: Number(new URL(url).port),
  connection: connect.connection.id,
  thing: things.find(({ connectorThingId }: any) => connectorThingId === '7').id,
});
