import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connector/definition.ts';
import { createTestGateway, type TestGateway } from '../../src/testing/create-test-gateway.ts';
import { directoryRoutes, mappedDirectory } from '../support/directory-connectors.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';

let folder: string;
let gateway: TestGateway | undefined;
let provider: FakeProvider | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plugboard-cassette-'));
});
afterEach(async () => {
  await gateway?.close();
  await provider?.close();
  gateway = provider = undefined;
  await rm(folder, { recursive: true });
});

const key = 'very-secret-key';
const accounts = '{ accounts(connection: "mapped_directory.test-subject", first: 3) { nodes { id email } } }';

describe('a cassette', () => {
  it('is recorded once, holds no secret, and plays back the same without the provider', async () => {
    provider = await startFakeProvider({
      ...directoryRoutes,
      'PUT /mapped/teams/core/2': ({ headers }) => ({
        json: { url: `https://example.test/?key=${String(headers['x-key'])}`, access_token: 'another-secret' },
        headers: { 'set-cookie': 'session=third-secret', 'x-request-id': 'of-the-moment' },
      }),
    });
    const cassette = join(folder, 'accounts.json');
    const options = {
      connectors: [mappedDirectory(provider.origin)],
      connections: { mapped_directory: { key } },
      cassette,
      configuration: { http: { allowedPrivateOrigins: [provider.origin] } },
    };
    const assign = `mutation { assignEntitlement(connection: "mapped_directory.test-subject", input: {
      account: "2", entitlement: "member", entitlementType: "ROLE", resource: "core", resourceType: "TEAM"
    }) { assigned } }`;
    const recording = await createTestGateway({ ...options, record: true });
    const recorded = [await recording.ask(accounts), await recording.ask(assign)];
    await recording.close();
    const text = await readFile(cassette, 'utf8');
    for (const secret of [key, 'another-secret', 'third-secret', 'of-the-moment']) expect(text).not.toContain(secret);
    expect(JSON.parse(text)[0]).toEqual({
      request: {
        method: 'GET',
        url: `${provider.origin}/mapped/members?size=3&page=1`,
        headers: { accept: 'application/json' },
      },
      response: {
        status: 200,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: expect.any(Array),
      },
    });

    await provider.close();
    gateway = await createTestGateway({ ...options, connections: { mapped_directory: { key: 'any other' } } });
    expect(gateway.unused()).toHaveLength(JSON.parse(text).length as number);
    expect([await gateway.ask(accounts), await gateway.ask(assign)]).toEqual(recorded);
    expect(gateway.unused()).toEqual([]);
    await gateway.close();
    expect(await readFile(cassette, 'utf8')).toBe(text);
  });

  it('says what it has not', async () => {
    await expect(createTestGateway({ connectors: [], cassette: join(folder, 'none.json') })).rejects.toThrow(
      'Record it: run the test with PLUGBOARD_RECORD=1',
    );
  });
});

describe('the clock of feeds', () => {
  it('stands still until it is moved on, and then polls what is due', async () => {
    let polls = 0;
    const ticker: Connector = {
      name: 'ticker',
      triggers: {
        tick: {
          input: [{ name: 'since', type: 'integer' }],
          output: [{ name: 'id' }],
          startField: 'since',
          intervalMs: 60_000,
          dedup: (event) => event.id as string,
          poll: () => ({ events: [{ id: String(++polls) }], nextPoll: polls }),
        },
      },
    };
    gateway = await createTestGateway({ connectors: [ticker] });
    const results = gateway.subscribe('subscription { tickerTick(since: 0) { node { id } } }');
    const first = await results.next();
    const seen = polls;
    await gateway.clock.advance(30_000);
    expect(polls).toBe(seen);
    await gateway.clock.advance(240_000);
    expect(polls).toBeGreaterThanOrEqual(seen + 3);
    const second = await results.next();
    expect([first, second].map(({ value }) => Number(value.data.tickerTick.node.id))).toEqual([1, 2]);
    await results.return?.();
  });
});
