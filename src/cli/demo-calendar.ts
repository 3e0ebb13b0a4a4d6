/** The demo's calendar: the API of `connectors/my-calendar`, which takes the access tokens of the demo's authorization server. */
import { randomUUID } from 'node:crypto';
import type { DemoAuthorizationServer } from './demo-authorization-server.ts';
import { readJson, Refusal, startDemoServer } from './demo-server.ts';
import type { DemoAnswer, DemoRequest, DemoServer, DemoServerOptions } from './demo-server.ts';
import type { DemoGrant } from './demo-tokens.ts';

/** Starts the calendar of the two users. What is created stays until `close`. @throws as `startDemoServer` */
export function startDemoCalendar(
  authorizationServer: Pick<DemoAuthorizationServer, 'grantOf'>,
  options: DemoServerOptions = {},
): Promise<DemoServer> {
  const calendars = new Map(Object.entries(firstEvents));
  return startDemoServer('demo calendar', options, async (request): Promise<DemoAnswer> => {
    const { method, url } = request;
    const grant = grantOf(request, authorizationServer);
    const events = calendars.get(grant.user.id) ?? [];
    const [, , collection, id] = url.pathname.split('/');
    if (method === 'GET' && url.pathname === '/v1/me') return { json: grant.user };
    if (collection !== 'events') return { status: 404, json: { error: 'There is no such path.' } };
    demand(grant, method === 'GET' ? 'events.read' : 'events.write');
    if (method === 'POST' && id === undefined) {
      const event = readEvent(await readJson(request));
      calendars.set(grant.user.id, [...events, event].sort(byStart));
      return { status: 201, json: event };
    }
    if (method !== 'GET') return { status: 405, json: { error: 'Events are read and created, no more.' } };
    if (id === undefined) return { json: page(events, url.searchParams) };
    const event = events.find((one) => one.id === id);
    return event ? { json: event } : { status: 404, json: { error: 'There is no such event.' } };
  });
}

interface Event {
  readonly id: string;
  readonly title: string;
  readonly starts_at: string;
  readonly ends_at: string;
  readonly customer_id: number | null;
}

/** Customers are those of the shop (`demo-data`). */
const firstEvents: Readonly<Record<string, readonly Event[]>> = {
  ada: [
    appointment('a1', 'Coffee with a customer', '2025-05-05T08:30:00.000Z', 1),
    appointment('a2', 'Bernoulli numbers', '2025-05-06T09:00:00.000Z', null),
    appointment('a3', 'Price talk', '2025-05-07T13:00:00.000Z', 7),
  ],
  grace: [
    appointment('g1', 'Compiler review', '2025-05-05T07:00:00.000Z', null),
    appointment('g2', 'Training for a customer', '2025-05-08T12:00:00.000Z', 14),
  ],
};

function appointment(id: string, title: string, startsAt: string, customerId: number | null): Event {
  return { id, title, starts_at: startsAt, ends_at: anHourAfter(startsAt), customer_id: customerId };
}

function anHourAfter(time: string): string {
  return new Date(Date.parse(time) + 3_600_000).toISOString();
}

function byStart(left: Event, right: Event): number {
  return Date.parse(left.starts_at) - Date.parse(right.starts_at);
}

/** RFC 6750 §3.1 */
function grantOf({ headers }: DemoRequest, server: Pick<DemoAuthorizationServer, 'grantOf'>): DemoGrant {
  const token = /^Bearer ([\w-]+)$/.exec(headers.authorization ?? '')?.[1];
  const grant = token === undefined ? undefined : server.grantOf(token);
  if (grant) return grant;
  throw new Refusal({
    status: 401,
    json: { error: 'invalid_token' },
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}

function demand({ scopes }: DemoGrant, scope: string): void {
  if (scopes.includes(scope)) return;
  throw new Refusal({
    status: 403,
    json: { error: 'insufficient_scope' },
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}

/** The token of the next page is the number of rows before it. */
function page(events: readonly Event[], params: URLSearchParams): Readonly<Record<string, unknown>> {
  const limit = Number(params.get('limit') ?? 20);
  const start = Number(params.get('page_token') ?? 0);
  const after = Date.parse(params.get('starts_after') ?? '');
  if (!Number.isInteger(limit) || limit < 1 || limit > 100 || !Number.isInteger(start) || start < 0) {
    throw new Refusal({ status: 400, json: { error: 'limit is 1 to 100, page_token is what a page gave.' } });
  }
  const found = Number.isNaN(after) ? events : events.filter((event) => Date.parse(event.starts_at) >= after);
  const end = start + limit;
  return { events: found.slice(start, end), next_page_token: end < found.length ? String(end) : null };
}

function readEvent(body: Readonly<Record<string, unknown>>): Event {
  const { title, starts_at, ends_at, customer_id } = body;
  if (typeof title !== 'string' || title.trim() === '') throw unusable('title has to be a text.');
  const startsAt = time('starts_at', starts_at);
  const customerId = typeof customer_id === 'number' ? customer_id : null;
  const endsAt = ends_at === undefined || ends_at === null ? anHourAfter(startsAt) : time('ends_at', ends_at);
  return { id: randomUUID(), title, starts_at: startsAt, ends_at: endsAt, customer_id: customerId };
}

function time(name: string, value: unknown): string {
  const read = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(read)) throw unusable(`${name} has to be a time as in RFC 3339.`);
  return new Date(read).toISOString();
}

function unusable(error: string): Refusal {
  return new Refusal({ status: 422, json: { error } });
}
