/** Connecting in a real browser: by keyboard, without scripts, light and dark, and over other origins and back. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Notation } from '../../src/notation/field.ts';
import { runServer } from '../support/running-server.ts';
import { acme, boundConnecting, scriptedConnecting } from '../support/scripted-connecting.ts';
import { smallGraph } from '../support/small-graph.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const isInstalled = existsSync(executablePath);
if (!isInstalled) {
  console.warn(
    `SKIPPED: the connect page was not opened in a browser, because there is none at ${executablePath}. ` +
      'Install Chromium (apt-get install chromium), or name one in CHROMIUM_PATH.',
  );
}
const inBrowser = isInstalled ? it : it.skip;

/** Every kind of control. */
const notation: Notation = [
  { name: 'team', label: 'Your team', optional: false, controlType: 'subdomain', url: '.acme.example' },
  { name: 'api_key', label: 'API key', optional: false, controlType: 'password', hint: 'Account settings → API' },
  {
    name: 'region',
    pickList: [
      ['Europe', 'eu'],
      ['United States', 'us'],
    ],
  },
  { name: 'sandbox', type: 'boolean', label: 'Use the sandbox', hint: 'Nothing there is real.' },
  {
    name: 'scopes',
    controlType: 'multiselect',
    pickList: [
      ['Read', 'r'],
      ['Write', 'w'],
    ],
  },
  { name: 'hosts', type: 'array', of: 'string', hint: 'Further hosts.' },
  { name: 'account', type: 'object', properties: [{ name: 'id', optional: false }] },
  { name: 'mail', toggleField: { name: 'phone', type: 'string', controlType: 'phone' } },
  { name: 'proxy', controlType: 'url', optional: false, ngIf: 'input.region == "us"' },
];
const hostile = '"><script>document.title = "owned"</script>';

describe('the connect page in a browser', () => {
  let browser: Browser;
  const servers = new Set<Server>();
  const contexts = new Set<BrowserContext>();
  beforeAll(async () => {
    if (!isInstalled) return;
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
  afterEach(async () => {
    await Promise.all([...contexts].map((context) => context.close()));
    await Promise.all(
      [...servers].map((server) => new Promise((resolve) => server.close(resolve).closeAllConnections())),
    );
    contexts.clear();
    servers.clear();
  });
  afterAll(() => browser?.close());

  inBrowser.each(['light', 'dark'] as const)(
    'connects by keyboard alone and without scripts (%s)',
    async (colorScheme) => {
      const connecting = boundConnecting(notation, { ...acme, description: hostile });
      const { url } = await runServer(smallGraph(), { connecting });
      const { page, complaints } = await open(url, { colorScheme, javaScriptEnabled: false });
      await page.goto(`${url}/connect/acme?session=good-1`);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Connect Acme Cloud');

      await page.keyboard.press('Tab');
      await page.keyboard.type('ada');
      await page.keyboard.press('Tab');
      expect(await page.locator(':focus').getAttribute('name')).toBe('field.api_key');
      await page.keyboard.type('wrong');
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.keyboard.press('Tab');
      await page.keyboard.type(`one\n${hostile}`);
      await page.getByLabel('API key').press('Enter');

      await page.getByRole('alert').getByText('Acme does not know this key (401).').waitFor();
      expect(connecting.calls.at(-1)?.[4]).toEqual({
        team: 'ada',
        api_key: 'wrong',
        region: 'eu',
        sandbox: 'true',
        scopes: 'w',
        hosts: `one\n${hostile}`,
        'account.id': '',
        mail: '',
        phone: '',
        proxy: '',
      });
      // The first problem has the focus and says what it is; what was entered is there, the secret is not.
      const focused = page.locator(':focus');
      expect(await focused.getAttribute('name')).toBe('field.api_key');
      expect(await focused.inputValue()).toBe('');
      expect(await page.getByLabel('Your team').inputValue()).toBe('ada');
      expect(await page.getByLabel('Hosts').inputValue()).toBe(`one\n${hostile}`);
      expect(await page.getByLabel('Use the sandbox').isChecked()).toBe(true);
      await page.keyboard.type('right');
      await page.keyboard.press('Enter');

      await page.getByRole('heading', { name: 'Acme Cloud is connected' }).waitFor();
      await page.getByText('ada@acme.example').waitFor();
      expect(await page.title()).toBe('Acme Cloud is connected');
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  inBrowser.each(['light', 'dark'] as const)(
    'has no fault that axe can find, and runs no script of others (%s)',
    async (colorScheme) => {
      const connecting = boundConnecting(notation, { ...acme, description: hostile });
      const { url } = await runServer(smallGraph(), { connecting });
      const { page, complaints } = await open(url, { colorScheme });
      await page.goto(`${url}/connect/acme?session=good-1`);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate(brightnessScript)).toBe(colorScheme);
      await page.getByLabel('Your team').fill(hostile);
      await page.getByLabel('API key').fill('wrong');
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByRole('alert').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.getByLabel('Your team').inputValue()).toBe(hostile);
      await page.getByLabel('API key').fill('right');
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByRole('heading', { name: 'Acme Cloud is connected' }).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.goto(`${url}/connect/acme?session=good-1`);
      await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  inBrowser(
    'refuses the link and the form of one browser in another',
    async () => {
      const connecting = boundConnecting(notation);
      const { url } = await runServer(smallGraph(), { connecting });
      const first = await open(url);
      await first.page.goto(`${url}/connect/acme?session=good-1`);
      const second = await open(url);
      const answer = await second.page.goto(`${url}/connect/acme?session=good-1`);
      expect(answer?.status()).toBe(410);
      await second.page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
      // The one to whom it belongs goes on.
      await first.page.getByLabel('Your team').fill('ada');
      await first.page.getByLabel('API key').fill('right');
      await first.page.getByRole('button', { name: 'Connect' }).click();
      await first.page.getByRole('heading', { name: 'Acme Cloud is connected' }).waitFor();
    },
    60_000,
  );

  inBrowser(
    'refuses a form that another site posts with the browser of the victim',
    async () => {
      const connecting = boundConnecting(notation);
      const { url } = await runServer(smallGraph(), { connecting });
      const evil = await serve((_request, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(`<form method="post" action="${url}/connect/acme"><input name="session" value="good-1">
          <input name="field.api_key" value="right"><button>Win a prize</button></form>`);
      });
      const { page } = await open(url, {}, false);
      await page.goto(`${url}/connect/acme?session=good-1`);
      await page.goto(evil);
      await page.getByRole('button').click();
      await page.getByRole('heading', { name: 'This form came from another site' }).waitFor();
      expect(connecting.calls.map(([name]) => name)).toEqual(['openSession']);
    },
    60_000,
  );

  inBrowser.each(['query', 'form_post'])(
    'goes from the form over two foreign origins and back by %s, and tells them no session',
    async (responseMode) => {
      const told: (string | undefined)[] = [];
      let callback = '';
      const signIn = await serve((request, response) => {
        if (request.url === '/favicon.ico') return void response.end();
        told.push(request.headers.referer, request.url);
        if (responseMode === 'query') {
          response.writeHead(303, { location: `${callback}?code=c&state=s` }).end();
          return;
        }
        response.setHeader('content-type', 'text/html');
        response.end(`<form method="post" action="${callback}"><input name="code" value="c"><input name="state" value="s">
          <button>Allow</button></form>`);
      });
      const authorize = await serve((request, response) => {
        told.push(request.headers.referer, request.url);
        response.writeHead(302, { location: `${signIn}/sign-in` }).end();
      });
      const connecting = scriptedConnecting({
        openSession: { step: 'form', connector: acme, notation: [{ name: 'team' }], values: {}, problems: {} },
        submitSession: { step: 'provider', url: `${authorize}/authorize?state=s` },
        returnFromProvider: { step: 'end', connector: acme, identity: 'ada', problem: null },
      });
      const { url } = await runServer(smallGraph(), { connecting });
      callback = `${url}/oauth/callback/ctx`;
      const { page } = await open(url, { javaScriptEnabled: false }, false);
      await page.goto(`${url}/connect/acme?session=canary`);
      await page.getByRole('button', { name: 'Connect' }).click();
      if (responseMode === 'form_post') await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('heading', { name: 'Acme Cloud is connected' }).waitFor();
      const [opened, submitted, returned] = connecting.calls;
      expect([opened?.[3], submitted?.[3]]).toEqual([returned?.[3], returned?.[3]]);
      expect(String(returned?.[2])).toBe('code=c&state=s');
      expect(told).toEqual([undefined, '/authorize?state=s', undefined, '/sign-in']);
    },
    60_000,
  );

  /** A page in a browser profile of its own; what it may not do is collected. */
  async function open(
    origin: string,
    options: object = {},
    isClosed = true,
  ): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext(options);
    contexts.add(context);
    const page = await context.newPage();
    const complaints: string[] = [];
    if (isClosed) {
      await context.route(
        (url) => url.origin !== origin,
        (route) => {
          complaints.push(`request to ${route.request().url()}`);
          return route.abort();
        },
      );
    }
    page.on('console', (message) => {
      // Chromium reports the status of a page as an error too; refusals are what these tests are about.
      if (!/status of 4\d\d/.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (request.resourceType() !== 'document') complaints.push(`request for ${request.url().slice(0, 80)}`);
    });
    return { page, complaints };
  }

  /** Serves by the name `localhost`, which for a browser is another site than 127.0.0.1. */
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.add(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://localhost:${(server.address() as AddressInfo).port}`;
  }
});

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Every rule of WCAG 2.2 A and AA that axe knows, and its best practices. */
async function accessibilityFaults(page: Page): Promise<unknown> {
  await page.evaluate(axeSource);
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
}

/** Scripts for the page are text: the types of a browser do not belong to this program. */
const brightnessScript = `(() => {
  const [red, green, blue] = getComputedStyle(document.querySelector('main')).backgroundColor.match(/\\d+/g).map(Number);
  return red + green + blue > 384 ? 'light' : 'dark';
})()`;
