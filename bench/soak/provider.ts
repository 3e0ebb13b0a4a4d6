/** The provider of the soak: an API, a token endpoint that rotates refresh tokens, and webhooks, with faults on demand. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerParent } from '../child.ts';

export type FaultMode = 'none' | 'status-500' | 'status-503' | 'status-429' | 'slow' | 'reset' | 'garbage';

export interface SoakFault {
  readonly at: 'api' | 'token';
  readonly mode: FaultMode;
}

export interface ProviderCounts {
  readonly refreshes: number;
  /** Refresh tokens that came a second time. */
  readonly reuses: number;
  readonly delivered: number;
  /** Deliveries that the gateway did not take. */
  readonly refused: number;
}

const lifetimeSeconds = 60;
const counts = { refreshes: 0, reuses: 0, delivered: 0, refused: 0 };
let fault: SoakFault = { at: 'api', mode: 'none' };
/** How often the refresh token of each account was replaced. */
const rotations = new Map<string, number>();
const hooks: { readonly url: string; readonly secret: string }[] = [];
const events: { readonly id: number; readonly note: string }[] = [];

const server = createServer((request, response) => void serve(request, response));
server.keepAliveTimeout = 5_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  answerParent(
    { origin: `http://127.0.0.1:${port}` },
    {
      fault: (next: SoakFault) => void (fault = next),
      happen,
      counts: (): ProviderCounts => ({ ...counts }),
    },
  );
});

/** Something happened: polls find it, and one webhook is told. */
async function happen(): Promise<void> {
  events.push({ id: events.length + 1, note: 'x'.repeat(200) });
  const hook = hooks[events.length % Math.max(1, hooks.length)];
  if (!hook) return;
  const body = JSON.stringify({ id: events.length });
  const signature = createHmac('sha256', hook.secret).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'x-signature': signature };
  const answer = await fetch(hook.url, { method: 'POST', headers, body }).catch(() => undefined);
  await answer?.arrayBuffer();
  if (answer?.ok) counts.delivered += 1;
  else counts.refused += 1;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const url = new URL(request.url ?? '/', 'http://provider');
  const at = url.pathname === '/token' ? 'token' : 'api';
  const mode = fault.at === at ? fault.mode : 'none';
  if (mode === 'reset') return void request.socket.destroy();
  if (mode === 'slow') await sleep(2_000);
  if (mode === 'garbage') return void response.end('{"items": [');
  if (mode.startsWith('status-')) {
    response.writeHead(Number(mode.slice(7)), { 'content-type': 'application/json', 'retry-after': '1' });
    return void response.end('{"message":"no"}');
  }
  const [status, answer] = at === 'token' ? token(new URLSearchParams(body)) : api(request.method ?? '', url, body);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
}

function token(form: URLSearchParams): readonly [number, object] {
  const [, account = '', turn = ''] = /^r(\d+)\.(\d+)$/.exec(form.get('refresh_token') ?? '') ?? [];
  const current = rotations.get(account) ?? 0;
  if (Number(turn) !== current) {
    counts.reuses += 1;
    return [400, { error: 'invalid_grant' }];
  }
  counts.refreshes += 1;
  rotations.set(account, current + 1);
  const tokens = { access_token: `a${account}.${current + 1}`, refresh_token: `r${account}.${current + 1}` };
  return [200, { ...tokens, token_type: 'Bearer', expires_in: lifetimeSeconds }];
}

function api(method: string, { pathname, searchParams }: URL, body: string): readonly [number, object] {
  if (pathname === '/hooks') {
    const { url, secret } = JSON.parse(body) as { url: string; secret: string };
    hooks.push({ url, secret });
    return [200, { id: hooks.length }];
  }
  if (pathname === '/events') {
    const after = Number(searchParams.get('after') ?? 0);
    return [200, { events: events.slice(after, after + 100) }];
  }
  if (method === 'POST') return [200, { id: 1, note: 'made' }];
  return [200, { items: Array.from({ length: 20 }, (_, id) => ({ id, note: 'x'.repeat(100) })) }];
}
