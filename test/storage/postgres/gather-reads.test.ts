import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../../../src/errors.ts';
import { gatherReads } from '../../../src/storage/postgres/gather-reads.ts';

interface Row {
  readonly kind: string;
  readonly id: string;
  readonly value: number;
}

/** Rows that are read when the test says so. */
function house() {
  const rows = new Map<string, Row>();
  const statements: { keys: string[]; answer: () => void; fail: (error: unknown) => void }[] = [];
  const get = gatherReads<Row>(
    (kinds, ids) =>
      new Promise((resolve, reject) => {
        const keys = kinds.map((kind, index) => `${kind} ${ids[index]}`);
        const found = () => keys.flatMap((key) => rows.get(key) ?? []);
        statements.push({ keys, answer: () => resolve(found()), fail: reject });
      }),
    ({ kind, id }) => ({ kind, id }),
  );
  const put = (id: string, value: number) => void rows.set(`k ${id}`, { kind: 'k', id, value });
  return { get, put, statements };
}

const turn = () => new Promise((resolve) => void setImmediate(resolve));

describe('reads that come together', () => {
  it('are one statement, each key once, and each caller has its own', async () => {
    const { get, put, statements } = house();
    put('a', 1);
    put('b', 2);
    const asked = [get('k', 'a'), get('k', 'b'), get('k', 'a'), get('k', 'none')];
    await turn();
    expect(statements.map(({ keys }) => keys)).toEqual([['k a', 'k b', 'k none']]);
    statements[0]!.answer();
    expect((await Promise.all(asked)).map((row) => row?.value)).toEqual([1, 2, 1, undefined]);
  });

  it('are not shared once they were sent: what was written meanwhile is seen', async () => {
    const { get, put, statements } = house();
    put('a', 1);
    const first = get('k', 'a');
    await turn();
    statements[0]!.answer();
    put('a', 2);
    const second = get('k', 'a');
    await turn();
    statements[1]!.answer();
    expect([(await first)?.value, (await second)?.value]).toEqual([1, 2]);
  });

  it('wait together while four statements are under way, so that a crowd is few of them', async () => {
    const { get, statements } = house();
    const asked: Promise<unknown>[] = [];
    for (let index = 0; index < 4; index += 1) {
      asked.push(get('k', `${index}`));
      await turn();
    }
    for (let index = 4; index < 100; index += 1) {
      asked.push(get('k', `${index}`));
      await turn();
    }
    expect(statements.map(({ keys }) => keys.length)).toEqual([1, 1, 1, 1]);
    statements[2]!.answer();
    await turn();
    expect(statements.map(({ keys }) => keys.length)).toEqual([1, 1, 1, 1, 96]);
    for (const { answer } of statements) answer();
    await Promise.all(asked);
  });

  it('fail for each caller with an error of its own', async () => {
    const { get, statements } = house();
    const asked = [get('k', 'a'), get('k', 'b')].map((one) => one.catch((error: unknown) => error));
    await turn();
    statements[0]!.fail(new GatewayError('STORE_UNAVAILABLE', 'The store is away.'));
    const [one, other] = (await Promise.all(asked)) as [GatewayError, GatewayError];
    one.addDetails({ connection: 'c1' });
    expect(other).toMatchObject({ code: 'STORE_UNAVAILABLE', message: 'The store is away.', details: {} });
    expect(await Promise.race([get('k', 'c').then(() => 'answered'), turn().then(() => statements.length)])).toBe(2);
  });
});
