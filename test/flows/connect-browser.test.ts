/** The whole code flow in a real browser: from the mutation `connect` to a query that answers as that user, and again after a restart. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import type { Connector } from '../../src/connector/definition.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const isInstalled = existsSync(executablePath);
if (!isInstalled) {
  console.warn(
    `SKIPPED: no account was connected in a browser, because there is none at ${executablePath}. ` +
      'Install Chromium (apt-get install chromium), or name one in CHROMIUM_PATH.',
  );
}
const inBrowser = isInstalled ? it : it.skip;

describe('an account behind OAuth 2.0, in a browser', () => {
  let browser: Browser;
  let server: AuthorizationServer;
  /** The application, to whose page the browser comes back. */
  let application: FakeProvider;
  let gateway: TenantGateway;
  beforeEach(async () => {
    if (!isInstalled) return;
    browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
    server = await startAuthorizationServer({ clients: [{ clientId: 'app', clientSecret: 'secret' }] });
    application = await startFakeProvider({
      'GET /connected': { headers: { 'content-type': 'text/html' }, body: '<h1>Welcome back</h1>' },
    });
    gateway = await startTenantGateway({
      connectors: [items(server)],
      origins: [server.issuer],
      configuration: { returnUrls: [`${application.origin}/connected`] },
    });
  });
  afterEach(async () => {
    await browser?.close();
    await gateway?.close();
    await application?.close();
    await server?.close();
  });

  inBrowser(
    'is signed in to once, and answers as its owner from then on',
    async () => {
      const alice = { subject: 'alice' };
      const registered = await gateway.ask(
        `mutation { registerConnector(connector: "items", fields: { client_id: "app", client_secret: "secret" }) { redirectUri } }`,
      );
      await server.addRedirectUri('app', registered.data.registerConnector.redirectUri);
      const begun = await gateway.ask(
        'mutation ($returnUrl: String) { connect(connector: "items", returnUrl: $returnUrl) { authorizationUrl connection { state } } }',
        { returnUrl: `${application.origin}/connected` },
        alice,
      );
      expect(begun.data.connect.connection.state).toBe('PENDING');

      const page = await browser.newPage();
      await page.goto(begun.data.connect.authorizationUrl);
      await page.locator('#subject').fill('alice');
      await page.locator('#login').click();
      await page.locator('#allow').click();
      await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
      const back = new URL(page.url());
      expect(back.origin + back.pathname).toBe(`${application.origin}/connected`);
      // The page that the browser came from stays unknown to the application: its address held the code of the provider.
      expect(application.requests.at(0)?.headers.referer ?? '').not.toContain('code=');

      const query = '{ itemsItems { owner } connections { state identity } }';
      const early = await gateway.ask(query, {}, alice);
      expect(early.errors?.[0]?.extensions.code).toBe('CONNECTION_REQUIRED');
      const code = back.searchParams.get('code');
      const finished = await gateway.ask(
        'mutation ($code: String!) { finishConnection(code: $code) { state } }',
        { code },
        alice,
      );
      expect(finished.data).toEqual({ finishConnection: { state: 'STARTED' } });
      const answer = {
        itemsItems: Array.from({ length: 2 }, () => ({ owner: 'alice' })),
        connections: [{ state: 'STARTED', identity: 'alice' }],
      };
      expect((await gateway.ask(query, {}, alice)).data).toEqual(answer);

      await gateway.restart();
      expect((await gateway.ask(query, {}, alice)).data).toEqual(answer);
      // And once more with a new token: what was kept is worth something.
      await server.expireAccessTokens('alice');
      expect((await gateway.ask(query, {}, alice)).data).toEqual(answer);
      expect(await server.counters()).toMatchObject({ refreshes: 1, reuseDetections: 0 });
    },
    60_000,
  );
});

function items(server: AuthorizationServer): Connector {
  return {
    name: 'items',
    title: 'Items',
    connection: {
      baseUri: `${server.apiUrl}/`,
      authorization: {
        type: 'oauth2',
        issuer: server.issuer,
        scopes: ['openid', 'offline_access', 'items:read'],
        identity: async (connection) => (await connection.get('me')).name,
      },
    },
    test: (connection) => connection.get('me'),
    actions: {
      list_items: {
        readOnly: true,
        list: true,
        scopes: ['items:read'],
        output: [{ name: 'owner' }],
        execute: async (connection) => (await connection.get('items')).items,
      },
    },
  };
}
