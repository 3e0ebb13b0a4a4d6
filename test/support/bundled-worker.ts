/** Processes of our own code for tests that need several: a TypeScript file, bundled and started. */
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Bundles the file for Node and gives the path of the bundle, from which packages resolve as from our own code. */
export async function bundleWorker(entry: URL): Promise<string> {
  const folder = `${root}node_modules/.cache/test-workers`;
  await mkdir(folder, { recursive: true });
  // Where the bundle of a whole gateway looks for it.
  await cp(`${root}schema`, `${root}node_modules/.cache/schema`, { recursive: true });
  const bundle = `${folder}/${basename(entry.pathname, '.ts')}-${process.pid}.mjs`;
  const esbuild = `${root}node_modules/esbuild/bin/esbuild`;
  const options = ['--bundle', '--platform=node', '--format=esm', '--packages=external', '--log-level=error'];
  await promisify(execFile)(esbuild, [fileURLToPath(entry), ...options, `--outfile=${bundle}`], { cwd: root });
  return bundle;
}

/** A process that answers calls by message: `{ call, name, given }` → `{ call, result }` or `{ call, error }`. */
export class Worker {
  readonly process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #calls = 0;

  constructor(bundle: string) {
    this.process = fork(bundle, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.process.on('message', (message: { call: number; result?: unknown; error?: string }) => {
      const { resolve, reject } = this.#waiting.get(message.call)!;
      this.#waiting.delete(message.call);
      if (message.error === undefined) resolve(message.result);
      else reject(new Error(message.error));
    });
    this.process.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The process has ended.'));
      this.#waiting.clear();
    });
  }

  call<T>(name: string, ...given: readonly unknown[]): Promise<T> {
    const call = (this.#calls += 1);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(call, { resolve: resolve as (result: unknown) => void, reject });
      this.process.send({ call, name, given });
    });
  }

  /** SIGKILL: it closes nothing and says nothing. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}
