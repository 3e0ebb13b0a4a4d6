/** The demo shop's webhooks: who asked to hear of new customers, and how they are told. */
import { createHmac, randomBytes } from 'node:crypto';
import { request as sendRequest } from 'node:http';
import type { DemoCustomer } from './demo-data.ts';
import { Refusal } from './demo-server.ts';

/** A webhook as the shop's API shows it. */
export interface DemoWebhook {
  readonly id: number;
  readonly url: string;
  /** `whsec_` and base64: the key of its signatures. */
  readonly secret: string;
  /** RFC 3339, UTC. `null`: it has no end. */
  readonly expires_at: string | null;
}

export interface DemoWebhooks {
  /** Keeps one for `{ url, secret?, expires_in? }`. @throws Refusal 422 */
  readonly create: (body: Readonly<Record<string, unknown>>) => DemoWebhook;
  /** Gives one another end. @throws Refusal 404, 422 */
  readonly renew: (id: number, body: Readonly<Record<string, unknown>>) => DemoWebhook;
  /** @throws Refusal 404 */
  readonly remove: (id: number) => void;
  readonly list: () => readonly DemoWebhook[];
  /** Tells every webhook, and tries again for a while where that fails. */
  readonly tell: (customer: DemoCustomer) => void;
  readonly close: () => void;
}

/** How often a delivery is tried; before each further try twice as long as before. */
const maxTries = 8;
const firstPauseMs = 250;
const answerTimeoutMs = 10_000;
const maxWebhooks = 100;

/** @see https://www.standardwebhooks.com for how a delivery is signed. */
export function createDemoWebhooks(): DemoWebhooks {
  const webhooks = new Map<number, DemoWebhook>();
  const pauses = new Set<NodeJS.Timeout>();
  let lastId = 0;

  const find = (id: number): DemoWebhook => {
    const webhook = webhooks.get(id);
    if (webhook && isLive(webhook)) return webhook;
    throw new Refusal({ status: 404, json: { error: `There is no webhook ${id}.` } });
  };
  const deliver = async (id: number, delivery: Delivery, tries: number): Promise<void> => {
    const webhook = webhooks.get(id);
    if (!webhook || !isLive(webhook)) return;
    const status = await post(webhook, delivery);
    if (status === 410) webhooks.delete(id);
    if ((status >= 200 && status < 300) || status === 410 || tries >= maxTries) return;
    const pause = setTimeout(
      () => {
        pauses.delete(pause);
        void deliver(id, delivery, tries + 1);
      },
      firstPauseMs * 2 ** (tries - 1),
    ).unref();
    pauses.add(pause);
  };

  return {
    create(body) {
      if (webhooks.size >= maxWebhooks) throw refused(`There are ${maxWebhooks} webhooks already.`);
      const webhook = { id: ++lastId, url: readUrl(body['url']), secret: readSecret(body['secret']), ...readEnd(body) };
      webhooks.set(webhook.id, webhook);
      return webhook;
    },
    renew(id, body) {
      const webhook = { ...find(id), ...readEnd(body) };
      webhooks.set(id, webhook);
      return webhook;
    },
    remove(id) {
      find(id);
      webhooks.delete(id);
    },
    list: () => [...webhooks.values()].filter(isLive),
    tell(customer) {
      const body = JSON.stringify({ type: 'customer.created', timestamp: customer.created_at, data: customer });
      // The same id at every try, so that whoever got it twice knows.
      const delivery = { id: `msg_${randomBytes(12).toString('base64url')}`, body };
      for (const id of webhooks.keys()) void deliver(id, delivery, 1);
    },
    close() {
      webhooks.clear();
      for (const pause of pauses) clearTimeout(pause);
    },
  };
}

interface Delivery {
  readonly id: string;
  readonly body: string;
}

function isLive({ expires_at }: DemoWebhook): boolean {
  return expires_at === null || Date.parse(expires_at) > Date.now();
}

/** The status of the answer; 0 when none came. */
function post({ url, secret }: DemoWebhook, { id, body }: Delivery): Promise<number> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
  return new Promise((resolve) => {
    const request = sendRequest(
      url,
      { method: 'POST', headers, timeout: answerTimeoutMs, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
    request.end(body);
  });
}

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** A demonstration calls nobody but programs of this machine. */
function readUrl(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'http:' && loopback.has(url.hostname)) return url.href;
  throw refused('url has to be an http URL of this machine, e.g. http://127.0.0.1:4000/….');
}

const secretPrefix = 'whsec_';

function readSecret(value: unknown): string {
  if (value === undefined) return secretPrefix + randomBytes(24).toString('base64');
  if (typeof value === 'string' && /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/.test(value)) return value;
  throw refused('secret has to be whsec_ and 24 to 64 bytes in base64.');
}

function readEnd({ expires_in: seconds }: Readonly<Record<string, unknown>>): Pick<DemoWebhook, 'expires_at'> {
  if (seconds === undefined) return { expires_at: null };
  if (typeof seconds === 'number' && seconds > 0 && seconds <= 2_592_000) {
    return { expires_at: new Date(Date.now() + seconds * 1000).toISOString() };
  }
  throw refused('expires_in has to be a number of seconds, 30 days at most.');
}

function refused(error: string): Refusal {
  return new Refusal({ status: 422, json: { error } });
}
