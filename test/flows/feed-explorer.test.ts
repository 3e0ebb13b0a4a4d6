/** A person watches a feed of the demo in GraphiQL, as the built command serves both. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type Browser } from 'playwright-core';
import { buildOnce, startBuiltDemo } from '../support/built-demo.ts';
import { until } from '../support/until.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  process.stderr.write(
    `A feed is not watched in a browser: there is none at ${executablePath}. Name one in CHROMIUM_PATH.\n`,
  );
}
const inBrowser = existsSync(executablePath) ? describe : describe.skip;

/** The browser asks nobody but us. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let child: ChildProcess | undefined;
let browser: Browser | undefined;
beforeAll(buildOnce);
afterEach(async () => {
  await browser?.close();
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
});

inBrowser('a feed of the demo in GraphiQL', () => {
  it('shows its events as they come, until its page is closed', async () => {
    const { url } = await startBuiltDemo((started) => (child = started));
    const ask = async (query: string): Promise<any> => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
      return response.json();
    };
    browser = await chromium.launch({ executablePath, args: quiet });
    const page = await browser.newPage();
    await page.goto(url);
    await page.locator('.graphiql-query-editor').getByText('myAppOrders').waitFor();
    const document = 'subscription { myAppNewCustomer { id node { name';
    const editor = page.locator('.graphiql-query-editor .monaco-editor');
    // An editor that is still being loaded may lose a key: it is typed until it stands there. GraphiQL closes what is opened.
    await until(async () => {
      await editor.click();
      await page.keyboard.press('Control+A');
      await page.keyboard.type(document);
      return (await editor.locator('.view-lines').innerText()).replaceAll('\u00a0', ' ').startsWith(document);
    });
    const feeds = async () => (await ask('{ feeds { state subscriberCount lastPollAt } }')).data;
    let pressedAt = -Infinity;
    await until(async () => {
      const found = (await feeds())?.feeds ?? [];
      // The same goes for the key that runs it.
      if (found.length === 0 && performance.now() - pressedAt > 20_000) {
        await page.keyboard.press('Control+Enter');
        pressedAt = performance.now();
      }
      return found.length === 1 && found[0].subscriberCount === 1 && found[0].lastPollAt !== null;
    });
    // The shop has customers of its own coming, and GraphiQL shows the latest event: it is looked up whose it is.
    const shownIds = new Set<string>();
    while (shownIds.size < 2) {
      await ask('mutation { myAppCreateCustomer(input: { name: "Ada", email: "ada@example.com" }) { id } }');
      let shown: (string | undefined)[] = [];
      await until(async () => {
        // The editor shows spaces as no-break spaces, and its lines stand in the page in any order.
        const text = await page.locator('.graphiql-response').innerText();
        shown = [/"id":\s"(\d+)"/, /"name":\s"([^"]+)"/].map((pattern) => pattern.exec(text)?.[1]);
        return shown.every((part) => part !== undefined) && !shownIds.has(shown[0]!);
      });
      const [id, name] = shown;
      const { data } = await ask(`{ myAppCustomerById(id: "${id}") { name } }`);
      expect(data.myAppCustomerById).toEqual({ name: name!.replaceAll('\u00a0', ' ') });
      shownIds.add(id!);
    }
    await page.close();
    await until(async () => (await feeds()).feeds[0].subscriberCount === 0);
    expect((await feeds()).feeds[0]).toMatchObject({ state: 'RUNNING' });
  });
});
