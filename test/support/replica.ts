/** A replica of the gateway: the built command in a process of its own, over a project on the disk. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'dist/src/main.js');

export interface Replica {
  readonly url: string;
  /** As a subject, where it is told. */
  readonly ask: (query: string, variables?: object, subject?: string) => Promise<any>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** SIGKILL: it closes nothing and says nothing. */
  readonly kill: () => Promise<void>;
}

/** @param environment - beside the process's own. */
export async function startReplica(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Replica> {
  if (!existsSync(main)) execFileSync('npm', ['run', '--silent', 'build'], { cwd: root });
  const child = spawn(process.execPath, [main, 'start', '--port', '0', ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await servingAt(child);
  return {
    url,
    async ask(query, variables, subject) {
      const headers = {
        'content-type': 'application/json',
        ...(subject !== undefined && { 'x-external-subject-id': subject }),
      };
      const body = JSON.stringify({ query, variables });
      return (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).json();
    },
    signal: (signal) => void child.kill(signal),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function servingAt(child: ChildProcess): Promise<string> {
  const output = child.stdout!;
  for await (const line of createInterface({ input: output })) {
    const [, url] = /serves .* at (http:\S+)\/graphql/.exec(line) ?? [];
    if (url === undefined) continue;
    output.resume();
    return url;
  }
  throw new Error('The command ended before it served.');
}
