import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCredentials } from '../../src/connection/configured-connections.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { prepareAction, type RunOptions } from '../../src/connector/run-action.ts';
import { Content } from '../../src/content.ts';
import { createTransfers } from '../../src/transfers/create-transfers.ts';
import { transferKind, transferSealedKind } from '../../src/transfers/transfer-record.ts';
import { ringOf } from '../support/key-ring.ts';
import { openTestStore } from '../support/test-store.ts';

const taken: unknown[] = [];
const drive: Connector = {
  name: 'drive',
  actions: {
    get_content: {
      readOnly: true,
      input: [{ name: 'path' }],
      output: [{ name: 'content', type: 'stream' }],
      execute: (_connection, { path }) => ({ content: path === '/none' ? null : Content.of(`content of ${path}`) }),
    },
    put_content: {
      input: [
        { name: 'since', type: 'date_time' },
        { name: 'size', type: 'integer', format: 'int64' },
        { name: 'file', type: 'stream' },
      ],
      execute: async (_connection, { file, ...rest }) => {
        taken.push({ ...rest, text: Buffer.concat(await file.open().toArray()).toString() });
      },
    },
  },
};
const runOptions: RunOptions = {
  sender: { send: () => Promise.reject(new Error('nothing is sent')), close: async () => {} },
};
const ada = { tenant: 't', subject: 'ada', scopes: new Set<string>() };
const signal = new AbortController().signal;
const unknown =
  'There is nothing to send or fetch at this URL: it was used, it has expired, or it never was. Ask for a new one.';

let store: Awaited<ReturnType<typeof openTestStore>>;
beforeEach(async () => {
  store = await openTestStore();
  taken.length = 0;
});
afterEach(() => store.close());

/** One replica; `opened` hears which connection it opens for whom. */
function replica(connectors = [drive], opened: unknown[] = []) {
  return createTransfers({
    records: store.records,
    keyRing: ringOf(1),
    connectors: new Map(connectors.map((connector) => [connector.name, connector])),
    runOptions,
    openRun: (caller, ends) => async (connector, connection) => {
      opened.push([caller.tenant, caller.subject, connector.name, connection]);
      return { id: connection ?? undefined, credentials: createCredentials({}), signal: ends };
    },
    baseUrl: () => 'https://gateway.example.test',
    urlMs: 60_000,
  });
}

async function begun(action: string, input: object) {
  const { url, method } = await replica().begin({
    caller: ada,
    connection: 'd1',
    action: prepareAction(drive, action, runOptions),
    input: input as Record<string, unknown>,
  });
  expect(url).toMatch(/^https:\/\/gateway\.example\.test\/transfers\/[\w-]{43}$/);
  return { token: url.split('/').at(-1)!, method };
}

describe('what is about to pass', () => {
  it('is fetched at any replica, by the connection for which it was begun', async () => {
    const { token, method } = await begun('get_content', { path: '/a' });
    const opened: unknown[] = [];
    const found = (await replica([drive], opened).find(token))!;
    expect([method, found.method, found.tenant]).toEqual(['GET', 'GET', 't']);
    expect(String(Buffer.concat(await (await found.fetch(signal)).open().toArray()))).toBe('content of /a');
    expect(opened).toEqual([['t', 'ada', 'drive', 'd1']]);
  });

  it('is given the input as it was judged, times and large integers too', async () => {
    const since = new Date('2026-12-01T00:00:00Z');
    const { token, method } = await begun('put_content', { since, size: '9007199254740993' });
    await (await replica().find(token))!.send(Content.of('text'), signal);
    expect([method, taken]).toEqual(['PUT', [{ since, size: '9007199254740993', text: 'text' }]]);
  });

  it('passes once, of however many that come at one moment', async () => {
    const { token } = await begun('get_content', { path: '/a' });
    const found = await Promise.all(Array.from({ length: 8 }, () => replica().find(token)));
    const outcomes = await Promise.allSettled(found.map((each) => each!.fetch(signal)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reasons = outcomes.flatMap((each) => (each.status === 'rejected' ? [String(each.reason.message)] : []));
    expect(new Set(reasons)).toEqual(new Set([unknown]));
    expect(await replica().find(token)).toBeUndefined();
  });

  it('is for its caller, or its tenant where no subject is named', async () => {
    const found = (await replica().find((await begun('get_content', {})).token))!;
    expect(found.isOf(ada)).toBe(true);
    expect(found.isOf({ tenant: 't', subject: undefined })).toBe(true);
    expect(found.isOf({ tenant: 't', subject: 'bob' })).toBe(false);
    expect(found.isOf({ tenant: 'other', subject: 'ada' })).toBe(false);
  });

  it('is nothing where its connector or action is not served any more', async () => {
    for (const connectors of [[], [{ ...drive, actions: {} }]]) {
      const found = (await replica(connectors).find((await begun('get_content', {})).token))!;
      await expect(found.fetch(signal)).rejects.toThrow(unknown);
    }
  });

  it('does not open when somebody turned it to another owner, action or place in the store', async () => {
    for (const change of [{ tenant: 'other' }, { subject: null }, { connection: 'd2' }, { action: 'put_content' }]) {
      await begun('get_content', { path: '/a' });
      const [record] = await store.records.list(transferKind, {});
      await store.records.compareAndSet(transferKind, record!.id, record!.version, { ...record!.value, ...change });
      const changed = (await store.records.get(transferKind, record!.id))!;
      expect(() =>
        ringOf(1).open(changed.value['input'] as string, transferSealedKind.identityOf(changed, 'input')!),
      ).toThrow('A stored secret cannot be opened');
      await store.records.remove(transferKind, record!.id);
    }
  });

  it('shows nothing of its URL or its input in the store', async () => {
    const { token } = await begun('get_content', { path: '/secret-name' });
    const [record] = await store.records.list(transferKind, {});
    expect(JSON.stringify(record)).not.toContain(token);
    expect(JSON.stringify(record)).not.toContain('secret-name');
    expect(record!.expiresAt! - record!.createdAt).toBeLessThanOrEqual(61_000);
  });

  it('says when its action gives no content', async () => {
    const found = (await replica().find((await begun('get_content', { path: '/none' })).token))!;
    await expect(found.fetch(signal)).rejects.toThrow(
      'drive.get_content: expected the content of a file; the provider gave none.',
    );
  });
});
