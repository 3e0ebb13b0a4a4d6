import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type Browser } from 'playwright-core';
import { startDemo } from '../../src/cli/demo.ts';
import type { Serving } from '../../src/cli/serving.ts';
import { captureTerminal } from '../support/temporary-project.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  process.stderr.write(
    `The demo is not tried in a browser: there is none at ${executablePath}. Name one in CHROMIUM_PATH.\n`,
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

inBrowser('the demo in Chromium', () => {
  let serving: Serving;
  let browser: Browser;
  beforeAll(async () => {
    serving = await startDemo({ port: 0, logLevel: 'silent' }, captureTerminal(), {
      importSource: (file) => import(file),
    });
    browser = await chromium.launch({ executablePath, args: quiet });
  });
  afterAll(async () => {
    await browser?.close();
    await serving.close();
  });

  it('leads from the link of an error through sign-in and consent to data of whoever signed in', async () => {
    const ask = async (query: string): Promise<any> => {
      const response = await fetch(`${serving.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      return response.json();
    };
    const events = '{ myCalendarEvents { nodes { title } } }';
    const { url } = (await ask(events)).errors[0].extensions.connect;
    const page = await browser.newPage();
    await page.goto(url);
    await page.getByRole('button', { name: /Grace Hopper/ }).click();
    await page.getByLabel('See your events').waitFor();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.getByRole('heading', { name: 'My calendar is connected' }).waitFor();
    expect(await page.getByText('grace.hopper@example.com').count()).toBe(1);
    expect((await ask(events)).data.myCalendarEvents.nodes).toEqual([
      { title: 'Compiler review' },
      { title: 'Training for a customer' },
    ]);
    await page.goto(`${serving.url}/connect/my_locker`);
    await page.getByLabel('User name').fill('ada');
    await page.getByLabel('PIN').fill('1815');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('heading', { name: 'My locker is connected' }).waitFor();
    expect((await ask('{ myLockerItems { id } }')).data.myLockerItems).toHaveLength(2);
  });
});
