import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
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
