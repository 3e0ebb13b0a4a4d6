import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { checkConfiguration } from '../src/check-configuration.ts';
import { defaultSubscriptionSettings } from '../src/server/subscriptions/subscription-settings.ts';
import { renderErrors, renderNotation } from './support/render-docs.ts';

const pages = [
  ['errors.md', renderErrors],
  ['notation.md', renderNotation],
] as const;

describe('the pages made from the code', () => {
  it.each(pages)('docs/%s is what the code says now (`npm run docs` writes it)', async (name, render) => {
    const file = new URL(`../docs/${name}`, import.meta.url);
    const text = await render();
    if (process.env.UPDATE_DOCS) await writeFile(file, text);
    expect(await readFile(file, 'utf8').catch(() => undefined)).toBe(text);
  });
});

describe('docs/security.md', () => {
  const read = () => readFile(new URL('../docs/security.md', import.meta.url), 'utf8');
  const root = new URL('../', import.meta.url);

  it('names only tests and rooms that exist', async () => {
    const text = await read();
    const tests = [...text.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, file]) => file!);
    const rooms = [...text.matchAll(/^\| [A-Z]\d+ \|[^|]*\|([^|]*)\|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([\w/-]+)`/g)].map(([, room]) => `src/${room}.ts`),
    );
    expect(tests.length).toBeGreaterThan(50);
    expect(rooms.length).toBeGreaterThan(40);
    expect([...tests, ...rooms].filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
  });

  it('has a row for each requirement, which names a test', async () => {
    const rows = [...(await read()).matchAll(/^\| ([OAXL]\d+) \|(?:[^|]*\|){2}([^|]*)\|$/gm)];
    const ids = (letter: string, count: number) => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
    expect(rows.map(([, id]) => id)).toEqual([...ids('O', 14), ...ids('A', 8), 'L1', ...ids('X', 8)]);
    for (const [, id, tests] of rows) expect([id, /`test\//.test(tests!)]).toEqual([id, true]);
  });
});

describe('docs/operations.md and docs/callers.md', () => {
  it('show configurations that are accepted', async () => {
    const read = (name: string) => readFile(new URL(`../docs/${name}`, import.meta.url), 'utf8');
    const [, operations = ''] = /defineConfig\((\{.+?\})\);/s.exec(await read('operations.md')) ?? [];
    const [, issuers = ''] = /(issuers: \[.+?\n\])/s.exec(await read('callers.md')) ?? [];
    for (const shown of [operations, `{ ${issuers} }`]) {
      const configuration = structuredClone(runInNewContext(`(${shown})`));
      expect(Object.keys(checkConfiguration(configuration))).toHaveLength(1);
    }
  });
});

describe('docs/feeds.md', () => {
  it('shows a configuration that is accepted, with the defaults of sockets and streams', async () => {
    const text = await readFile(new URL('../docs/feeds.md', import.meta.url), 'utf8');
    const [, shown = ''] = /defineConfig\((\{.+?\})\);/s.exec(text) ?? [];
    const configuration = checkConfiguration(structuredClone(runInNewContext(`(${shown})`)));
    expect(Object.keys(configuration).sort()).toEqual(['feeds', 'subscriptions']);
    expect(defaultSubscriptionSettings).toMatchObject(configuration.subscriptions!);
  });
});
