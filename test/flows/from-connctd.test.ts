/** The worked example of docs/from-connctd.md, call by call as it stands there. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import openweathermap from '../../connectors/openweathermap/connector.ts';
import { startWeather, type Weather } from '../connectors/openweathermap/provider.ts';
import { connctdClient, createKey, type AskConnctd } from '../support/connctd-client.ts';
import { startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';

const page = await readFile(new URL('../../docs/from-connctd.md', import.meta.url), 'utf8');
/** Each call with its subject, its body and the answer below it. */
const calls = [
  ...page.matchAll(/```http\n(\w+) \/api\/v1(\S+)\n(?:X-External-Subject-Id: (\S+)\n)?(\{.+\}\n)?(\d+) (.+)\n```/g),
].map(([, method, path, subject, body, status, answer]) => ({
  call: `${method} ${path}`,
  subject,
  body,
  status: Number(status),
  answer: JSON.parse(answer!, (_key, value: unknown) =>
    value === '<id>' || value === '<href>' ? expect.any(String) : value,
  ) as object,
}));
const [, query, graphAnswer] = /```graphql\n(.+?)\n```\n\n```json\n(.+?)\n```/s.exec(page) ?? [];

let weather: Weather;
let gateway: TenantGateway;
let ask: AskConnctd;
beforeAll(async () => {
  weather = await startWeather();
  gateway = await startTenantGateway({
    connectors: [openweathermap],
    origins: [weather.origin],
    sender: { replayedOrigins: weather.senderOptions.replayedOrigins },
  });
  ask = connctdClient(gateway.url, await createKey(gateway.file, 'acme', ['connctd.connector', 'connctd.things.read']));
});
afterAll(async () => {
  await gateway.close();
  await weather.close();
});

describe('docs/from-connctd.md', () => {
  it('has three calls and a query', () => {
    expect([calls.length, typeof query]).toEqual([3, 'string']);
  });

  it('shows what is answered to each call, and to the query after them', async () => {
    for (const { call, subject, body, status, answer } of calls) {
      const given = await ask(call, { ...(subject && { subject }), ...(body && { body }) });
      expect({ call, status: given.status, body: given.body }).toEqual({ call, status, body: answer });
    }
    const { data } = await gateway.ask(query!, {}, { subject: 'ada' });
    expect({ data }).toEqual(JSON.parse(graphAnswer!));
  });
});
