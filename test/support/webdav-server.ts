/** A real WebDAV server for one file of tests: Debian's nginx with its DAV modules, on 127.0.0.1, with files in a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from '@jest/globals';

export interface WebDavServer {
  /** Address below which ownCloud would lie: WebDAV is at `remote.php/webdav/`. */
  readonly server: string;
  readonly origin: string;
  /** Folder of its files. */
  readonly files: string;
  /** The only credentials that it takes. */
  readonly user: string;
  readonly password: string;
  readonly close: () => Promise<void>;
}

const binary = process.env['NGINX'] ?? '/usr/sbin/nginx';
const davModule = process.env['NGINX_DAV_EXT'] ?? '/usr/lib/nginx/modules/ngx_http_dav_ext_module.so';

/** Starts one and hands it to `describeWith`; where there is none on this machine the tests are skipped with the reason. */
export async function withWebDav(describeWith: (server: WebDavServer) => void): Promise<void> {
  const missing = await missingFile();
  if (missing !== undefined) {
    describe.skip(`WebDAV by nginx, of which there is none at ${missing}`, () => {
      it('is needed', () => {});
    });
    return;
  }
  const server = await startWebDav();
  describeWith(server);
  afterAll(() => server.close());
}

/** The first file that is needed and is not there. */
export async function missingFile(): Promise<string | undefined> {
  for (const file of [binary, davModule]) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (!isThere) return file;
  }
  return undefined;
}

/** Close it after the test. */
export async function startWebDav(): Promise<WebDavServer> {
  const folder = await mkdtemp(join(tmpdir(), 'plugboard-dav-'));
  const files = join(folder, 'files');
  const bodies = join(folder, 'bodies');
  // Its workers are somebody else when it is started by root.
  for (const each of [files, bodies]) {
    await mkdir(each);
    await chmod(each, 0o777);
  }
  await chmod(folder, 0o755);
  const port = await freePort();
  const [user, password] = ['ada', 'ABCDE-FGHIJ'];
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const configuration = join(folder, 'nginx.conf');
  await writeFile(configuration, configurationOf({ folder, files, bodies, port, authorization }));
  const nginx = await start(folder, configuration, port);
  return {
    origin: `http://127.0.0.1:${port}`,
    server: `http://127.0.0.1:${port}`,
    files,
    user,
    password,
    async close() {
      const ended = once(nginx, 'exit');
      nginx.stdin!.end('stop\n');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Settings {
  readonly folder: string;
  readonly files: string;
  readonly bodies: string;
  readonly port: number;
  readonly authorization: string;
}

function configurationOf({ folder, files, bodies, port, authorization }: Settings): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
load_module ${davModule};
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/errors warn;
events { worker_connections 256; }
http {
  access_log off;
  client_max_body_size 0;
  ${temporary.map((name) => `${name}_temp_path ${bodies};`).join(' ')}
  map $http_authorization $is_ada { default 0; "${authorization}" 1; }
  server {
    listen 127.0.0.1:${port};
    if ($is_ada = 0) { return 401; }
    location /remote.php/webdav/ {
      alias ${files}/;
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS;
    }
    location = /remote.php/webdav { rewrite ^ /remote.php/webdav/ last; }
    location = /ocs/v2.php/cloud/user {
      default_type application/json;
      return 200 '{"ocs":{"meta":{"status":"ok","statuscode":200},"data":{"id":"ada"}}}';
    }
  }
}
`;
}

/** Ends the server when it is told so, and when nobody is there any more who could tell. */
const untilTold = '"$@" & server=$!; read word; kill -TERM $server; wait $server';

async function start(folder: string, configuration: string, port: number): Promise<ChildProcess> {
  const nginx = spawn('sh', ['-c', untilTold, 'sh', binary, '-p', folder, '-c', configuration], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  nginx.stderr.on('data', (chunk: Buffer) => (said = `${said}${String(chunk)}`.slice(-2_000)));
  for (;;) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended: ${said}`);
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answer) return nginx;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
