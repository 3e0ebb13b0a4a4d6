/** A real Redis for one file of tests, on 127.0.0.1 and in memory only: it forgets all when it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, describe, it } from '@jest/globals';
import { Redis } from 'ioredis';

export interface TestRedis {
  readonly url: string;
  /** FLUSHALL. */
  readonly forgetAll: () => Promise<void>;
  /** Takes every second hash away, as a server does that has no more memory and is allowed to evict. */
  readonly evict: () => Promise<void>;
  /** Ends it at once, and with it all that it holds. */
  readonly crash: () => Promise<void>;
  /** Starts it again on the same port, empty. */
  readonly restart: () => Promise<void>;
}

const binary = process.env['REDIS_SERVER'] ?? '/usr/bin/redis-server';

/**
 * Starts one and hands it to `describeWith`, before the tests are run; where there is none on this machine the tests are
 * skipped with the reason.
 */
export async function withRedis(describeWith: (redis: TestRedis) => void): Promise<void> {
  const isThere = await access(binary).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    describe.skip(`Redis, of which there is none at ${binary}`, () => {
      it('is needed', () => {});
    });
    return;
  }
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | undefined = await startServer(port);
  const crash = async () => {
    const ended = server && once(server, 'exit');
    server?.stdin?.end('stop\n');
    server = undefined;
    await ended;
  };
  describeWith({
    url,
    async forgetAll() {
      const client = new Redis(url);
      await client.flushall();
      client.disconnect();
    },
    async evict() {
      const client = new Redis(url);
      const hashes: string[] = [];
      for (const key of (await client.keys('*')).sort()) {
        if ((await client.type(key)) === 'hash' && !key.endsWith(':meta')) hashes.push(key);
      }
      const evicted = hashes.filter((_key, index) => index % 2 === 0);
      if (evicted.length > 0) await client.del(...evicted);
      client.disconnect();
    },
    crash,
    async restart() {
      server = await startServer(port);
    },
  });
  afterAll(crash);
}

/** Ends the server when it is told so, and when nobody is there any more who could tell. */
const untilTold = '"$@" & server=$!; read word; kill -KILL $server; wait $server';

async function startServer(port: number): Promise<ChildProcess> {
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const quiet = ['--dir', tmpdir(), '--maxmemory-policy', 'noeviction'];
  const server = spawn('sh', ['-c', untilTold, 'sh', binary, ...settings, ...quiet], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.on('exit', () => reject(new Error(`redis-server ended: ${said}`)));
    server.stdout.on('data', (chunk: Buffer) => {
      said = `${said}${String(chunk)}`.slice(-2_000);
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
