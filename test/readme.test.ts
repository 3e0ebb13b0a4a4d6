import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { addConnectCommand } from '../src/cli/connect.ts';
import { startDemo } from '../src/cli/demo.ts';
import type { Serving } from '../src/cli/serving.ts';
import { createTerminal } from '../src/cli/terminal.ts';
import { visitDemo } from './support/demo-browser.ts';
import { captureTerminal } from './support/temporary-project.ts';

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

  it('shows a join, a mutation, a failing field beside a good one, and how to connect', () => {
    expect(examples).toHaveLength(5);
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

  it('connects an account by the command that it shows', async () => {
    const [, args = ''] = /```sh\nnpx plugboard (connect .+)\n```/.exec(readme) ?? [];
    const terminal = captureTerminal();
    const program = new Command().exitOverride();
    addConnectCommand(program, terminal, { intervalMs: 5, open: (link) => void visitDemo(link, { user: 'ada' }) });
    await program.parseAsync([...args.split(' '), '--url', serving.url], { from: 'user' });
    expect(terminal.output()).toMatch(/^connected as ada\.lovelace@example\.com: /);
    const [, query] = /`(\{ myCalendarEvents .+?)`/.exec(readme) ?? [];
    const response = await fetch(`${serving.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    expect(await response.json()).toMatchObject({
      data: {
        myCalendarEvents: { nodes: [{ title: 'Coffee with a customer', customer: { name: 'Ada Abbott' } }, {}, {}] },
      },
    });
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
