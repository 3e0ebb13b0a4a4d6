/** How long the built command takes from its start to the first answer of a query. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));

/** Milliseconds from `plugboard start --demo` to a list with joins, answered by the demo provider. */
export function demoStart(runs: number): Promise<number> {
  const query = '{ myAppOrders(first: 3) { nodes { number customer { name } } } }';
  return medianStart(runs, ['start', '--demo'], process.cwd(), query, 'customer');
}

/** Milliseconds from `plugboard start` to an answer, in a project of 100 connectors with 20 root fields each. */
export async function manyConnectorsStart(runs: number): Promise<number> {
  // Inside the package, so that `plugboard/connector` is this build.
  const project = fileURLToPath(new URL('./generated', import.meta.url));
  await writeProject(project, 100, 20);
  try {
    return await medianStart(runs, ['start', '--insecure-dev'], project, '{ __typename }', 'Query');
  } finally {
    await rm(project, { recursive: true });
  }
}

async function writeProject(folder: string, connectors: number, rootFields: number): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (let index = 0; index < connectors; index++) {
    const connector = join(folder, 'connectors', `provider-${index}`);
    await mkdir(connector, { recursive: true });
    await writeFile(join(connector, 'connector.js'), connectorText(`provider_${index}`, rootFields));
  }
}

/** Five objects, one of which is joined, and reading and writing actions over them: what real connectors are like. */
function connectorText(name: string, rootFields: number): string {
  return `import { defineAction, defineConnector, defineObject } from 'plugboard/connector';
const thing = (key) => defineObject({
  title: key, key: 'id', lookup: 'read_0',
  fields: [
    { name: 'id', type: 'integer', optional: false }, { name: 'name' }, { name: 'is_live', type: 'boolean' },
    { name: 'state', pickList: [['Open', 'open'], ['Closed', 'closed']] }, { name: 'price', type: 'number' },
    { name: 'created_at', type: 'date_time' }, { name: 'due_on', type: 'date' }, { name: 'size', type: 'integer' },
    { name: 'address', type: 'object', properties: [{ name: 'street' }, { name: 'city' }, { name: 'country' }] },
    { name: 'owner_id', references: '${name}.thing_0' },
  ],
});
const objects = Object.fromEntries([0, 1, 2, 3, 4].map((index) => ['thing_' + index, thing('Thing ' + index)]));
const actions = Object.fromEntries(Array.from({ length: ${rootFields} }, (_, index) => {
  const readOnly = index % 4 !== 3;
  return [(readOnly ? 'read_' : 'write_') + index, defineAction({
    title: 'Action ' + index, readOnly,
    input: [{ name: 'id', type: 'integer', optional: false }, { name: 'note' }, { name: 'since', type: 'date_time' }],
    output: objects['thing_' + (index % 5)],
    execute: (connection, input) => connection.get('things/' + input.id),
  })];
}));
export default defineConnector({
  name: '${name}', title: '${name}', connection: { baseUri: 'https://${name.replace('_', '-')}.example.com/' }, objects, actions,
});
`;
}

async function medianStart(runs: number, args: string[], cwd: string, query: string, expected: string) {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await startOnce(args, cwd, query, expected));
  return times.sort((one, other) => one - other)[Math.floor(runs / 2)]!;
}

async function startOnce(args: readonly string[], cwd: string, query: string, expected: string): Promise<number> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [main, ...args, '--port', String(port)], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    for (;;) {
      const answer = await post(port, JSON.stringify({ query }));
      if (answer?.includes(expected)) return performance.now() - startedAt;
      if (answer !== undefined) throw new Error(`The first answer was ${answer}`);
      if (child.exitCode !== null) throw new Error(`plugboard ${args.join(' ')} ended with ${child.exitCode}.`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** The text of an answer; `undefined` while nobody listens. */
function post(port: number, body: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request({ port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
