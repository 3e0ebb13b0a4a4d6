/** The demo as the built command serves it, in a process of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'dist/src/main.js');

/** Builds it where nobody did; to be called before the tests. */
export function buildOnce(): void {
  if (!existsSync(main)) execFileSync('npm', ['run', '--silent', 'build'], { cwd: root });
}

export interface BuiltDemo {
  readonly url: string;
  readonly child: ChildProcess;
}

/**
 * Starts it on any free port.
 *
 * @param begun - called with the process before it serves, so that a test which fails meanwhile can end it.
 */
export async function startBuiltDemo(
  begun: (child: ChildProcess) => void,
  {
    flags = [],
    cwd = root,
    environment = {},
  }: {
    readonly flags?: readonly string[];
    readonly cwd?: string;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<BuiltDemo> {
  const child = spawn(process.execPath, [main, 'start', '--demo', '--port', '0', ...flags], {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  begun(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /serves the sample connectors at (http:\S+)\/graphql/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stdout.resume();
    return { url, child };
  }
  throw new Error('The command ended before it served.');
}
