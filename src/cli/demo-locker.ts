/** The demo's locker: the API of `connectors/my-locker`, whose log-in takes a PIN and gives a session for a while. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readJson, Refusal, startDemoServer } from './demo-server.ts';
import type { DemoAnswer, DemoRequest, DemoServer, DemoServerOptions } from './demo-server.ts';

export interface DemoLocker extends DemoServer {
  /** Ends every session, as time would. */
  readonly endSessions: () => void;
}

export interface DemoLockerOptions extends DemoServerOptions {
  /** How long a session lasts. Default 5 min. */
  readonly sessionMs?: number;
}

/** Who may open a locker; they stand in the README. */
export const lockerUsers: Readonly<Record<string, { readonly name: string; readonly pin: string }>> = {
  ada: { name: 'Ada Lovelace', pin: '1815' },
  grace: { name: 'Grace Hopper', pin: '1906' },
};

/** Starts the locker. What is stored stays until `close`. @throws as `startDemoServer` */
export async function startDemoLocker({
  sessionMs = 300_000,
  ...options
}: DemoLockerOptions = {}): Promise<DemoLocker> {
  const lockers = firstItems();
  const sessions = new Map<string, Session>();
  const server = await startDemoServer('demo locker', options, async (request): Promise<DemoAnswer> => {
    const { method } = request;
    const path = `${method} ${request.url.pathname}`;
    if (path === 'POST /v1/sessions') return logIn(await readJson(request), sessions, sessionMs);
    const user = whose(request, sessions);
    const items = lockers.get(user)!;
    if (path === 'GET /v1/me') return { json: { user, name: lockerUsers[user]?.name } };
    if (path === 'GET /v1/items') return { json: { items } };
    if (path === 'POST /v1/items') return store(items, await readJson(request));
    return { status: 404, json: { error: 'There is no such path.' } };
  });
  return { ...server, endSessions: () => sessions.clear() };
}

interface Item {
  readonly id: number;
  readonly name: string;
  readonly stored_at: string;
}
interface Session {
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

function firstItems(): Map<string, Item[]> {
  const keep = (names: readonly string[]): Item[] =>
    names.map((name, index) => ({ id: index + 1, name, stored_at: `2025-04-0${index + 1}T10:00:00.000Z` }));
  return new Map([
    ['ada', keep(['Notes on the Analytical Engine', 'Opera glasses'])],
    ['grace', keep(['A moth, taped to a page', 'A nanosecond of wire'])],
  ]);
}

function logIn(
  { user, pin }: Readonly<Record<string, unknown>>,
  sessions: Map<string, Session>,
  sessionMs: number,
): DemoAnswer {
  const known = typeof user === 'string' && Object.hasOwn(lockerUsers, user) ? lockerUsers[user] : undefined;
  if (!known || typeof pin !== 'string' || !isSame(pin, known.pin)) {
    throw new Refusal({ status: 401, json: { error: 'No locker has this user name and PIN.' } });
  }
  const token = randomBytes(24).toString('base64url');
  sessions.set(token, { user: user as string, until: Date.now() + sessionMs });
  return { status: 201, json: { session_token: token } };
}

function isSame(received: string, expected: string): boolean {
  const [left, right] = [Buffer.from(received), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function whose(request: DemoRequest, sessions: ReadonlyMap<string, Session>): string {
  const session = sessions.get(String(request.headers['x-session-token']));
  if (session && session.until > Date.now()) return session.user;
  throw new Refusal({ status: 401, json: { error: 'There is no such session. Log in.' } });
}

function store(items: Item[], { name }: Readonly<Record<string, unknown>>): DemoAnswer {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new Refusal({ status: 422, json: { error: 'name has to be a text.' } });
  }
  const item: Item = { id: items.length + 1, name, stored_at: new Date().toISOString() };
  items.push(item);
  return { status: 201, json: item };
}
