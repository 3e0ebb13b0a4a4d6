/** Talks with processes that the bench starts: one question, one answer, over Node's channel between parent and child. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a process has used since it started. */
export interface Usage {
  readonly cpuMicroseconds: number;
  /** The most memory that was resident at once. */
  readonly peakRssBytes: number;
}

export interface Child {
  /** What the child said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly ask: <Answer>(question: string, details?: unknown) => Promise<Answer>;
  readonly stop: () => Promise<void>;
}

export interface ChildOptions {
  /** The core that it may run on; absent where cores cannot be pinned. */
  readonly core?: number;
  /** Given to the child as text. */
  readonly args?: readonly string[];
  readonly nodeFlags?: readonly string[];
}

interface Message {
  readonly id: number;
  readonly question: string;
  readonly details?: unknown;
}
type Reply = { readonly id: number; readonly answer?: unknown; readonly error?: string };

/** Starts one of the bench's own files and waits until it is ready. */
export async function startChild(file: string, options: ChildOptions = {}): Promise<Child> {
  const command = [process.execPath, ...(options.nodeFlags ?? []), pathOf(file), ...(options.args ?? [])];
  const pinned = options.core === undefined ? command : ['taskset', '-c', String(options.core), ...command];
  const child = spawn(pinned[0]!, pinned.slice(1), {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (reply: Reply) => void>();
  let asked = 0;
  const ready = new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    waiting.set(0, ({ answer }) => resolve(answer as Readonly<Record<string, unknown>>));
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code} before it was ready.`)));
  });
  child.on('message', (reply: Reply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  return {
    ready: await ready,
    ask: <Answer>(question: string, details?: unknown) =>
      new Promise<Answer>((resolve, reject) => {
        const message: Message = { id: ++asked, question, details };
        waiting.set(message.id, ({ answer, error }) =>
          error === undefined ? resolve(answer as Answer) : reject(new Error(`${file}: ${error}`)),
        );
        child.send(message);
      }),
    stop: () => stop(child),
  };
}

/** Whether this machine can tie a process to a core, and has a second one for the others. */
export function canPin(cores: number): boolean {
  return cores > 1 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;
}

type Handlers = Readonly<Record<string, (details: any) => unknown>>;

/** In the child: says that it is ready and answers its parent from then on; ends when the parent has gone. */
export function answerParent(ready: Readonly<Record<string, unknown>>, handlers: Handlers = {}): void {
  const all: Handlers = { usage, ...handlers };
  process.on('message', (message: Message) => void reply(all, message));
  // A profile is written at the end of the process only when it ends by itself.
  process.on('disconnect', () => process.exit());
  process.send!({ id: 0, answer: ready } satisfies Reply);
}

async function reply(handlers: Handlers, { id, question, details }: Message): Promise<void> {
  try {
    process.send!({ id, answer: await handlers[question]!(details) } satisfies Reply);
  } catch (error) {
    process.send!({ id, error: String(error) } satisfies Reply);
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuMicroseconds: user + system, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.disconnect();
  });
}

/** The bench's files lie beside this one. */
function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
