/** The connect page of a whole gateway in a real browser: from the mutation `connect` to a query that answers as that user. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { defineAction, defineConnector } from '../../src/connector/define.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import type { FakeProvider } from '../support/fake-provider.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { RunningGateway } from '../support/start-gateway.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const isInstalled = existsSync(executablePath);
if (!isInstalled) {
  console.warn(
    `SKIPPED: nothing was connected in a browser, because there is none at ${executablePath}. ` +
      'Install Chromium (apt-get install chromium), or name one in CHROMIUM_PATH.',
  );
}
const inBrowser = isInstalled ? it : it.skip;

describe('a form connector in a browser', () => {
  let browser: Browser;
  let provider: FakeProvider;
  let gateway: RunningGateway;
  beforeEach(async () => {
    if (!isInstalled) return;
    browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
    provider = await startFakeProvider({
      'GET /me': ({ headers }) =>
        headers['x-api-key'] === 'right'
          ? { json: { name: 'Ada', scopes: headers['x-scopes'], account: headers['x-account'] } }
          : { status: 401, json: { message: 'unknown key' } },
    });
    gateway = await startGateway({ connectors: [acmeAt(provider.origin)], origins: [provider.origin] });
  });
  afterEach(async () => {
    await browser?.close();
    await gateway?.close();
    await provider?.close();
  });

  inBrowser(
    'is connected by what was entered, after the provider refused a wrong key',
    async () => {
      const begun = await gateway.ask(
        'mutation { connect(connector: "acme") { authorizationUrl connection { id state } } }',
      );
      expect(begun.errors).toBeUndefined();
      const { authorizationUrl } = begun.data.connect;
      expect(authorizationUrl).toMatch(new RegExp(`^${gateway.url}/connect/acme\\?session=[A-Za-z0-9_-]{43}$`));

      const context = await browser.newContext({ javaScriptEnabled: false });
      const page = await context.newPage();
      await page.goto(authorizationUrl);
      await page.getByLabel('API key').fill('wrong');
      await page.getByLabel('Write').check();
      await page.getByLabel('Account number').fill('7');
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByRole('alert').waitFor();
      expect(await page.getByLabel('Write').isChecked()).toBe(true);
      expect(await page.getByLabel('Account number').inputValue()).toBe('7');
      await page.getByLabel('API key').fill('right');
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByRole('heading', { name: 'Acme Cloud is connected' }).waitFor();
      await page.getByText('Ada').waitFor();

      const answer = await gateway.ask('{ acmeMe { name scopes account } }');
      expect(answer.errors).toBeUndefined();
      expect(answer.data).toEqual({ acmeMe: { name: 'Ada', scopes: 'w', account: '7' } });
      await page.goto(authorizationUrl);
      await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
    },
    60_000,
  );
});

function acmeAt(url: string) {
  return defineConnector({
    name: 'acme',
    title: 'Acme Cloud',
    connection: {
      fields: [
        { name: 'api_key', label: 'API key', optional: false, controlType: 'password' },
        {
          name: 'scopes',
          controlType: 'multiselect',
          pickList: [
            ['Read', 'r'],
            ['Write', 'w'],
          ],
        },
        { name: 'account', type: 'object', properties: [{ name: 'id', type: 'integer', label: 'Account number' }] },
        { name: 'sandbox', type: 'boolean' },
      ],
      baseUri: `${url}/`,
      authorization: {
        type: 'api_key',
        apply: (request, { fields }) =>
          request.headers({ 'x-api-key': fields.api_key, 'x-scopes': fields.scopes, 'x-account': fields.account?.id }),
        identity: async (connection) => (await connection.get('me')).name,
      },
    },
    test: (connection) => connection.get('me'),
    actions: {
      getMe: defineAction({
        title: 'Get me',
        readOnly: true,
        input: [],
        output: [{ name: 'name' }, { name: 'scopes' }, { name: 'account' }],
        execute: (connection) => connection.get('me'),
      }),
    },
  });
}
