/** The pages of the test authorization server in a real browser, with the selectors that flow tests rely on. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'openid-client';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { startAuthorizationServer } from './authorization-server.ts';
import type { AuthorizationServer } from './authorization-server.ts';
import { startFakeProvider } from './fake-provider.ts';
import type { FakeProvider } from './fake-provider.ts';
import { discoverAs } from './oauth-client.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const isInstalled = existsSync(executablePath);
if (!isInstalled) console.warn(`SKIPPED: there is no browser at ${executablePath}. Name one in CHROMIUM_PATH.`);
const inBrowser = isInstalled ? it : it.skip;

describe('the pages of the test authorization server', () => {
  let browser: Browser;
  let application: FakeProvider;
  let server: AuthorizationServer;
  let configuration: oauth.Configuration;
  beforeAll(async () => {
    application = await startFakeProvider({ '/callback': { body: 'Back in the application' } });
    server = await startAuthorizationServer({
      clients: [{ clientId: 'app', redirectUris: [`${application.origin}/callback`] }],
    });
    configuration = await discoverAs(server, 'app');
    if (!isInstalled) return;
    browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
    await application.close();
  });

  inBrowser.each([
    ['#allow', 'code'],
    ['#deny', 'error'],
  ])('lead from the sign-in over %s back to the application', async (decision, parameter) => {
    const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
    const url = oauth.buildAuthorizationUrl(configuration, {
      redirect_uri: `${application.origin}/callback`,
      scope: 'openid items:read',
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url.href);
    await page.fill('#subject', 'judy');
    await page.click('#login');
    await page.locator('#account').getByText('judy').waitFor();
    await page.click(decision);
    await page.getByText('Back in the application').waitFor();
    const callback = new URL(page.url());
    expect(callback.searchParams.has(parameter)).toBe(true);
    if (parameter === 'code') {
      const tokens = await oauth.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier });
      expect(tokens.claims()?.sub).toBe('judy');
    }
    await context.close();
  });

  inBrowser('lead a device from its user code to the end', async () => {
    const flow = await oauth.initiateDeviceAuthorization(configuration, { scope: 'openid' });
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(flow.verification_uri);
    await page.fill('input[name=user_code]', flow.user_code);
    for (const step of ['#continue', '#confirm', '#login', '#allow']) await page.click(step);
    await page.getByText('You can go back to your device.').waitFor();
    const tokens = await oauth.genericGrantRequest(configuration, 'urn:ietf:params:oauth:grant-type:device_code', {
      device_code: flow.device_code,
    });
    expect(tokens.claims()?.sub).toBe('alice');
    await context.close();
  });
});
