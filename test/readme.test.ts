import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDemo } from '../src/cli/demo.ts';
import type { Serving } from '../src/cli/serving.ts';
import { createTerminal } from '../src/cli/terminal.ts';

const silent = { write: () => true };
const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

/** Each curl of the README with the answer that stands below it. */
const examples = [...readme.matchAll(/```sh\ncurl (.+?)\n```\n\n```json\n(.+?)\n```/gs)].map(([, command, answer]) => ({
  body: /-d '(.+)'$/s.exec(command as string)?.[1] as string,
  answer: JSON.parse(answer as string) as unknown,
}));

describe('the README', () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await startDemo({ port: 0, logLevel: 'silent' }, createTerminal(silent, silent), {
      importSource: (file) => import(file),
    });
  });
  afterAll(() => serving.close());

  it('begins with exactly two commands', () => {
    const commands = [...readme.matchAll(/```sh\n(npm .+?)\n```/gs)].map(([, command]) => command);
    expect(commands).toEqual(['npm ci && npm start', 'npm ci && npm test']);
  });

  it('shows a join, a mutation, and a failing field beside a good one', () => {
    expect(examples).toHaveLength(3);
  });

  it.each(examples)('shows the real answer to $body', async ({ body, answer }) => {
    // A shell passes the line break inside the quotes on; JSON allows it between tokens.
    const response = await fetch(`${serving.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const text = (await response.text()).replace(/(http:\/\/127\.0\.0\.1):\d+/, '$1:4010');
    expect(JSON.parse(text)).toEqual(answer);
  });

  it('names only commands that exist', async () => {
    const { runCommand } = await import('../src/cli/command.ts');
    for (const [, name] of readme.matchAll(/^\| `plugboard (\w+)/gm)) {
      expect([name, await runCommand([name as string, '--help'], createTerminal(silent, silent))]).toEqual([name, 0]);
    }
  });

  it('links to files that are there', async () => {
    for (const [, path] of readme.matchAll(/\]\(([\w/.-]+)\)/g)) {
      await expect(readFile(new URL(`../${path}`, import.meta.url))).resolves.toBeDefined();
    }
  });
});
