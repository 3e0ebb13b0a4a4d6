/** A project in a folder of its own below the system's temporary folder, and a terminal that keeps what is written. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createTerminal, type Terminal } from '../../src/cli/terminal.ts';

export interface TemporaryProject {
  readonly folder: string;
  /** Absolute path of the configuration file. */
  readonly config: string;
  /** Writes a file of the project. */
  readonly write: (path: string, text: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** @param files - text by path below the folder; an empty `plugboard.config.ts` unless there is one. */
export async function createProject(files: Readonly<Record<string, string>> = {}): Promise<TemporaryProject> {
  const folder = await mkdtemp(join(tmpdir(), 'plugboard-project-'));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const [path, text] of Object.entries({ 'plugboard.config.ts': 'export default {};', ...files })) {
    await write(path, text);
  }
  return { folder, config: join(folder, 'plugboard.config.ts'), write, remove: () => rm(folder, { recursive: true }) };
}

export interface CapturedTerminal extends Terminal {
  /** Standard output so far. */
  readonly output: () => string;
  /** Standard error so far. */
  readonly errors: () => string;
  /** Resolves when the pattern is in either, with its match. */
  readonly wrote: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** @param isTerminal - whether a person looks at it. */
export function captureTerminal(isTerminal = false): CapturedTerminal {
  let output = '';
  let errors = '';
  const watchers = new Set<() => void>();
  const stream = (take: (text: string) => void) => ({
    isTTY: isTerminal,
    write: (text: string) => {
      take(text);
      watchers.forEach((watch) => watch());
    },
  });
  const terminal = createTerminal(
    stream((text) => (output += text)),
    stream((text) => (errors += text)),
  );
  return Object.assign(Object.create(terminal) as Terminal, {
    output: () => output,
    errors: () => errors,
    wrote: (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve) => {
        const watch = () => {
          const match = pattern.exec(output) ?? pattern.exec(errors);
          if (!match) return;
          watchers.delete(watch);
          resolve(match);
        };
        watchers.add(watch);
        watch();
      }),
  });
}
