/** The clients of the soak: operations of every kind at a steady rate, and what came of them. */
import { randomUUID } from 'node:crypto';
import { Agent, fetch } from 'undici';

export interface Load {
  /** How often each kind ended in which way: `query ok`, `mutation PROVIDER_UNAVAILABLE`. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Stops, and waits for what is under way. */
  readonly stop: () => Promise<void>;
}

export interface LoadOptions {
  readonly url: string;
  readonly accounts: number;
  readonly perMinute: number;
  /** Lets something happen at the provider, which calls a webhook. */
  readonly happen: () => Promise<void>;
}

type Operation = (options: LoadOptions, subject: string) => Promise<string>;

/** Of twenty operations in a row. */
const mix: readonly (readonly [string, Operation, number])[] = [
  ['query', (options, subject) => ask(options, subject, '{ soakItems { id note } }'), 11],
  ['own query', (options, subject) => ask(options, subject, '{ connections { state } }'), 2],
  ['mutation', (options, subject) => mutate(options, subject, {}), 2],
  ['mutation with key', (options, subject) => mutate(options, subject, { 'idempotency-key': randomUUID() }), 2],
  ['subscription', subscribe, 1],
  ['webhook', (options) => options.happen().then(() => 'ok'), 2],
];
const turns = mix.flatMap(([name, operation, count]) => Array.from({ length: count }, () => ({ name, operation })));
/** A gateway that is stuck is not asked ever more. */
const maxUnderWay = 1_000;
/** So many connections at most: while a provider fails, requests are repeated and take seconds. */
const dispatcher = new Agent({ connections: 400 });
const subscribers = 10;

export function startLoad(options: LoadOptions): Load {
  const outcomes = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  let turn = 0;
  const note = (outcome: string) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const one = (): void => {
    const { name, operation } = turns[turn % turns.length]!;
    const subject = `subject${turn % (name === 'subscription' ? subscribers : options.accounts)}`;
    turn += 1;
    if (underWay.size >= maxUnderWay) return note('not asked: too many under way');
    const done = operation(options, subject).then(
      (outcome) => note(`${name} ${outcome}`),
      (error: unknown) => note(`${name} ${String(error)}`),
    );
    underWay.add(done);
    void done.finally(() => underWay.delete(done));
  };
  // Timers are late by some milliseconds, so what is due by now is begun each time.
  const from = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - from) * options.perMinute) / 60_000;
    for (let missing = Math.ceil(due - turn); missing > 0; missing -= 1) one();
  }, 10);
  return {
    outcomes,
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

async function ask(
  { url }: LoadOptions,
  subject: string,
  query: string,
  more: Record<string, string> = {},
): Promise<string> {
  const headers = { 'content-type': 'application/json', 'x-external-subject-id': subject, ...more };
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query }),
    dispatcher,
  });
  const answer: any = await response.json();
  return answer.errors?.[0]?.extensions?.code ?? 'ok';
}

function mutate(options: LoadOptions, subject: string, headers: Record<string, string>): Promise<string> {
  return ask(options, subject, 'mutation { soakMakeItem(input: { note: "n" }) { id } }', headers);
}

/** Listens until the first event, or for two seconds, and leaves. */
async function subscribe({ url }: LoadOptions, subject: string): Promise<string> {
  const leaving = new AbortController();
  const timer = setTimeout(() => leaving.abort(), 2_000);
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    'x-external-subject-id': subject,
  };
  const body = JSON.stringify({ query: 'subscription { soakNewEvent { id } }' });
  try {
    const response = await fetch(`${url}/graphql/stream`, {
      method: 'POST',
      headers,
      body,
      signal: leaving.signal,
      dispatcher,
    });
    if (!response.ok) return String(response.status);
    let text = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (text.includes('event: next')) break;
    }
    return /"code":"(\w+)"/.exec(text)?.[1] ?? 'ok';
  } catch (error) {
    if (leaving.signal.aborted) return 'ok';
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
