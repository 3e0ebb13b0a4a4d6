/** Starts subgraphs of others, each in a process of its own, and ends them after the test. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface StartedSubgraph {
  readonly name: string;
  readonly url: string;
  /** Resolves when so many subscriptions are open there. */
  readonly listening: (count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const worker = fileURLToPath(new URL('remote-subgraph.mjs', import.meta.url));

export async function startRemoteSubgraph(name: 'products' | 'reviews'): Promise<StartedSubgraph> {
  const child: ChildProcess = fork(worker, [name], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let listening = 0;
  const watchers = new Set<() => void>();
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { url?: string; listening?: number }) => {
      if (message.url) resolve(message.url);
      if (message.listening === undefined) return;
      ({ listening } = message as { listening: number });
      for (const watch of watchers) watch();
    });
    child.once('exit', (code) => reject(new Error(`The subgraph ${name} ended with ${code}.`)));
  });
  return {
    name,
    url,
    listening: (count) =>
      new Promise((resolve) => {
        const watch = () => {
          if (listening !== count) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
