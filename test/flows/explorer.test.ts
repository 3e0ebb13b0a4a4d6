/** GraphiQL in a real browser: it opens offline, stays on our origin and runs a query. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { feedingGraph } from '../support/feeding-graph.ts';
import { runServer } from '../support/running-server.ts';
import { smallGraph } from '../support/small-graph.ts';
import { until } from '../support/until.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const isInstalled = existsSync(executablePath);
if (!isInstalled) {
  console.warn(
    `SKIPPED: the explorer was not opened in a browser, because there is none at ${executablePath}. ` +
      'Install Chromium (apt-get install chromium), or name one in CHROMIUM_PATH.',
  );
}
const inBrowser = isInstalled ? it : it.skip;

describe('the explorer in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    if (!isInstalled) return;
    execFileSync(process.execPath, ['src/server/explorer/build.mjs'], { stdio: 'inherit' });
    browser = await chromium.launch({
      executablePath,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  });
  afterAll(() => browser?.close());

  inBrowser.each(['light', 'dark'] as const)(
    'runs the first query and a typed one, with no request to another origin (%s)',
    async (colorScheme) => {
      const server = await runServer(smallGraph(), { explorer: true, explorerQuery: '{ greeting(name: "there") }' });
      const page = await browser.newPage({ colorScheme });
      const complaints = await watch(page, server.url);
      await page.goto(server.url);
      // Before the editor shows the query, the button does nothing.
      await page.locator('.graphiql-query-editor').getByText('greeting').waitFor();
      await page.getByRole('button', { name: /execute query/i }).click();
      // The editor shows spaces as no-break spaces.
      await page
        .locator('.graphiql-response')
        .getByText(/Hello\sthere/)
        .waitFor();

      await page.locator('.graphiql-query-editor .monaco-editor').click();
      await page.keyboard.press('Control+A');
      await page.keyboard.type('{ generation');
      await page.keyboard.press('Control+Enter');
      await page
        .locator('.graphiql-response')
        .getByText(/"generation":\s"first"/)
        .waitFor();

      expect(await page.evaluate(brightnessScript)).toBe(colorScheme);
      expect(complaints.foreignRequests).toEqual([]);
      expect(complaints.messages).toEqual([]);
      expect(complaints.workers()).toEqual(['editor-worker', 'graphql-worker', 'json-worker']);
      await page.close();
    },
    60_000,
  );

  inBrowser(
    'runs a subscription over a WebSocket, as whom its headers name, until it is stopped',
    async () => {
      const graph = feedingGraph();
      const server = await runServer(graph, { explorer: true, explorerQuery: 'subscription { renamed }' });
      const page = await browser.newPage();
      const complaints = await watch(page, server.url);
      await page.goto(server.url);
      await page.locator('.graphiql-query-editor').getByText('renamed').waitFor();
      await page.getByRole('button', { name: 'Headers' }).click();
      await page.locator('.graphiql-editor-tool .monaco-editor').last().click();
      await page.keyboard.type('{"X-External-Subject-Id": "ada"');
      await page.getByRole('button', { name: /execute query/i }).click();
      const fed = await graph.started(1);
      expect(fed.operation.context.caller.subject).toBe('ada');
      for (const text of ['one', 'two']) {
        fed.send(text, `after-${text}`);
        await page
          .locator('.graphiql-response')
          .getByText(new RegExp(`"renamed":\\s"${text}"`))
          .waitFor();
      }
      await page.getByRole('button', { name: /stop query/i }).click();
      await until(() => fed.isStopped);
      expect([complaints.foreignRequests, complaints.messages]).toEqual([[], []]);
      await page.close();
    },
    60_000,
  );

  inBrowser(
    'lets an EventSource of our own page in, which comes back where it was cut, and no page of another origin',
    async () => {
      const graph = feedingGraph();
      const server = await runServer(graph, { explorer: true });
      const page = await browser.newPage();
      await page.goto(server.url);
      await page.evaluate(listenScript('/graphql/stream?query=subscription{renamed}'));
      const first = await graph.started(1);
      first.send('one', 'after-one');
      await page.waitForFunction('received.length === 1');
      first.sink.end();
      const second = await graph.started(2);
      expect(second.operation.after).toBe('after-one');
      second.send('two', 'after-two');
      await page.waitForFunction('received.length === 2');
      expect(await page.evaluate('received')).toEqual(['one', 'two']);

      const foreign = await runServer(graph, { explorer: true });
      // The policy of our own page would refuse it first.
      const elsewhere = await browser.newPage({ bypassCSP: true });
      await elsewhere.goto(foreign.url);
      await elsewhere.evaluate(listenScript(`${server.url}/graphql/stream?query=subscription{renamed}`));
      await elsewhere.waitForFunction('failed === 2');
      expect(graph.fed).toHaveLength(2);
      await Promise.all([page.close(), elsewhere.close()]);
    },
    60_000,
  );
});

/** Listens in the page; `failed` is 2 (CLOSED) when the stream was refused for good. */
function listenScript(url: string): string {
  return `(() => {
    globalThis.received = [];
    globalThis.failed = undefined;
    const source = new EventSource(${JSON.stringify(url)});
    source.addEventListener('next', ({ data }) => received.push(JSON.parse(data).data.renamed));
    source.addEventListener('error', () => (globalThis.failed = source.readyState));
  })()`;
}

/** Scripts for the page are text: the types of a browser do not belong to this program. */
const brightnessScript = `(() => {
  const { color } = getComputedStyle(document.querySelector('.graphiql-container'));
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
  // Bright letters stand on a dark ground.
  return red + green + blue > 384 ? 'dark' : 'light';
})()`;
const reportViolations = `document.addEventListener('securitypolicyviolation', (event) => {
  console.error('policy: ' + event.violatedDirective + ' blocked ' + event.blockedURI + ' ' + event.sample);
});`;

/** Collects what must not happen: requests to other origins, policy violations, errors and warnings on the console. */
async function watch(page: Page, origin: string) {
  const foreignRequests: string[] = [];
  const messages: string[] = [];
  const workers = new Set<string>();
  // Nothing can leave: what is not ours is refused here, and remembered.
  await page.context().route(
    (url) => url.origin !== origin,
    (route) => {
      foreignRequests.push(route.request().url());
      return route.abort();
    },
  );
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) foreignRequests.push(url);
  });
  page.on('worker', (worker) => workers.add(/([a-z]+-worker)-/.exec(worker.url())?.[1] ?? worker.url()));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') messages.push(message.text());
  });
  page.on('pageerror', (error) => messages.push(String(error)));
  page.on('response', (response) => {
    if (response.status() >= 400) messages.push(`${response.status()} ${response.url()}`);
  });
  await page.addInitScript({ content: reportViolations });
  return { foreignRequests, messages, workers: () => [...workers].sort() };
}
