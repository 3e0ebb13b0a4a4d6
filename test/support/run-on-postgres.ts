/**
 * `npm run test:postgres`: the tests that open a store, with one on PostgreSQL in place of the embedded one. One server is
 * started for all of them. What is given is handed to Jest, a part of a path included.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { startPostgres } from './start-postgres.ts';

const root = process.cwd();
const door = join(root, 'test/support/test-store.ts');

/** Files of tests that reach the door by what they import. On a faked clock no server answers in time: those stay with the embedded store. */
async function findTests(): Promise<string[]> {
  const all = await readdir(join(root, 'test'), { recursive: true });
  const texts = new Map<string, string>();
  for (const file of all.filter((name) => name.endsWith('.ts'))) {
    const path = join(root, 'test', file);
    texts.set(path, await readFile(path, 'utf8'));
  }
  const reaches = (path: string, seen = new Set<string>()): boolean => {
    if (path === door) return true;
    const text = texts.get(path);
    if (text === undefined || seen.has(path)) return false;
    seen.add(path);
    // Imports, and the workers that a test starts.
    const found = [...text.matchAll(/(?:from|new URL\()\s*'(\.[^']+\.ts)'/g)].map((match) => match[1]!);
    return found.some((name) => reaches(resolve(dirname(path), name), seen));
  };
  const isFaked = (path: string) => texts.get(path)!.includes('useFakeTimers');
  return [...texts.keys()].filter((path) => path.endsWith('.test.ts') && reaches(path) && !isFaked(path)).sort();
}

async function run(): Promise<number> {
  const given = process.argv.slice(2);
  const parts = given.filter((part) => !part.startsWith('-'));
  const options = given.filter((part) => part.startsWith('-'));
  const tests = (await findTests()).filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)));
  if (options.includes('--listTests')) {
    process.stdout.write(`${tests.join('\n')}\n`);
    return 0;
  }
  if (tests.length === 0) throw new Error('No test that opens a store by test/support/test-store.ts was found.');
  const postgres = await startPostgres();
  try {
    const jest = ['--experimental-vm-modules', '--no-warnings', join(root, 'node_modules/jest/bin/jest.js')];
    const child = spawn(process.execPath, [...jest, ...options, '--runTestsByPath', ...tests], {
      stdio: 'inherit',
      env: { ...process.env, TEST_POSTGRES: postgres.url },
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    await postgres.dispose();
  }
}

process.exitCode = await run();
