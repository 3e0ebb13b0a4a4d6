/** The worked example of docs/from-sciebo-rds.md, call by call as it stands there, and the configuration that it shows. */
import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkConfiguration } from '../../src/check-configuration.ts';
import { askWithBody } from '../support/rds-client.ts';
import { startRdsHouse, type RdsHouse } from '../support/rds-house.ts';
import { startFakePort, type FakePort } from '../support/rds-port.ts';

const page = await readFile(new URL('../../docs/from-sciebo-rds.md', import.meta.url), 'utf8');
/** Each call with its body and the answer below it. */
const calls = [...page.matchAll(/```http\n(\w+) (\S+)\n(?:(\{.+\})\n)?(\d+) (.+)\n```/g)].map(
  ([, method, path, body, status, answer]) => ({
    method: method!,
    path: path!,
    body,
    status: Number(status),
    answer: JSON.parse(answer!, (_key, value: unknown) =>
      value === '<service>' ? expect.objectContaining({ type: 'OAuth2Service' }) : value,
    ) as object,
  }),
);
const [, query, graphAnswer] = /```graphql\n(.+?)\n```\n\n```json\n(.+?)\n```/s.exec(page) ?? [];

let port: FakePort;
let house: RdsHouse;
beforeAll(async () => {
  port = await startFakePort();
  port.files.set('/readme.md', '').set('/data/a.csv', '');
  house = await startRdsHouse({
    rds: { ports: { 'port-owncloud': { url: port.origin, allowPrivateAddress: true } } },
  });
});
afterAll(async () => {
  await house.close();
  await port.close();
});

describe('docs/from-sciebo-rds.md', () => {
  it('has five calls and a query', () => {
    expect([calls.length, typeof query]).toEqual([5, 'string']);
  });

  it('shows what is answered to each call, and to the query after them', async () => {
    for (const { method, path, body, status, answer } of calls) {
      const url = `${house.gateway.url()}/rds/${house.secret}${path}`;
      const given = await askWithBody(url, method, body ?? '');
      expect([path, given.status, JSON.parse(given.text)]).toEqual([path, status, answer]);
    }
    const { data } = await house.gateway.ask(query!, {}, { subject: 'ada' });
    expect({ data }).toEqual(JSON.parse(graphAnswer!));
  });

  it('shows a configuration that is accepted', () => {
    const [, shown = ''] = /```ts\n(facades: .+?)\n```/s.exec(page) ?? [];
    const configuration = structuredClone(runInNewContext(`({ ${shown} })`)) as object;
    expect(checkConfiguration(configuration)).toEqual(configuration);
  });
});
