/** `npm run bench -- transfers`: one GiB sent and one fetched through ownCloud, and how much larger the gateway grows by it. */
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { cpus } from 'node:os';
import { canPin, startChild, type Child, type Usage } from '../child.ts';
import { describeMachine } from '../report.ts';

const mebibyte = 1024 ** 2;
/** Growth of the resident memory, for each direction. */
const target = 64 * mebibyte;
const piece = Buffer.alloc(256 * 1024, 'x');
const connection = 'owncloud.tenant';

export async function measureTransfers({ quick }: { readonly quick: boolean }): Promise<void> {
  const size = quick ? 128 * mebibyte : 1024 * mebibyte;
  const core = canPin(cpus().length) ? { measured: 0, others: 1 } : { measured: undefined, others: undefined };
  const provider = await startChild('./transfers/provider.js', { core: core.others });
  const args = [String(provider.ready.origin)];
  const gateway = await startChild('./transfers/plugboard.js', { core: core.measured, args });
  const url = String(gateway.ready.url);
  console.log(describeMachine(1));
  // What is loaded with the first content is no growth by its size.
  for (let round = 0; round < 3; round++) {
    await send(url, '/warm', mebibyte);
    await fetchAll(url, '/warm');
  }
  await measured('sent', gateway, size, async () => {
    await send(url, '/large', size);
    const arrived = await provider.ask<number>('size', '/large');
    if (arrived !== size) throw new Error(`${size} bytes were sent, and ${arrived} arrived.`);
  });
  await measured('fetched', gateway, size, async () => {
    const arrived = await fetchAll(url, '/large');
    if (arrived !== size) throw new Error(`${size} bytes were to be fetched, and ${arrived} arrived.`);
  });
  await Promise.all([gateway.stop(), provider.stop()]);
}

async function measured(what: string, gateway: Child, size: number, work: () => Promise<void>): Promise<void> {
  const before = await gateway.ask<Usage>('usage');
  await gateway.ask('begin');
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1_000;
  const growth = await gateway.ask<number>('growth');
  const after = await gateway.ask<Usage>('usage');
  const cpuSeconds = (after.cpuMicroseconds - before.cpuMicroseconds) / 1e6;
  console.log(
    `${String(size / mebibyte).padStart(5)} MiB ${what.padEnd(8)} ${seconds.toFixed(1)} s, ${(size / mebibyte / seconds).toFixed(0)} MiB/s, ` +
      `${cpuSeconds.toFixed(1)} s of CPU; memory grew by ${(growth / mebibyte).toFixed(1)} MiB, aim ≤ ${target / mebibyte}: ${growth <= target ? 'met' : 'MISSED'}`,
  );
}

async function send(url: string, path: string, size: number): Promise<void> {
  const mutation = `mutation { uploadFile(connection: "${connection}", input: { path: "${path}" }) { url } }`;
  const { uploadFile } = await ask(url, mutation);
  const client = httpRequest(uploadFile.url as string, { method: 'PUT', headers: { 'content-length': size } });
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    client.on('response', resolve).on('error', reject),
  );
  write(client, size);
  const { statusCode } = (await answered).resume();
  if (statusCode !== 204) throw new Error(`The upload was answered ${statusCode}.`);
}

function write(client: ClientRequest, left: number): void {
  for (let rest = left; ; rest -= piece.length) {
    if (rest <= piece.length) return void client.end(piece.subarray(0, rest));
    if (!client.write(piece)) return void client.once('drain', () => write(client, rest - piece.length));
  }
}

async function fetchAll(url: string, path: string): Promise<number> {
  const { file } = await ask(url, `{ file(connection: "${connection}", path: "${path}") { download { url } } }`);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(file.download.url as string)
      .on('response', resolve)
      .on('error', reject)
      .end();
  });
  let size = 0;
  for await (const chunk of response) size += (chunk as Buffer).length;
  return size;
}

async function ask(url: string, query: string): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data?: any; errors?: readonly { readonly message: string }[] };
  if (errors) throw new Error(errors.map(({ message }) => message).join(' '));
  return data;
}
