/** The stub provider of many feeds: the orders of each branch are a list of their own, asked for with the place of the last. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from '../child.ts';
import { emit, type Emission } from '../fan-out/emit.ts';
import { orderRow } from '../order-row.ts';

export interface PollTimes {
  readonly polls: number;
  /** Milliseconds between two polls of one branch, of all branches. */
  readonly gapsMs: readonly number[];
}

type Order = ReturnType<typeof orderRow>;
const none = Buffer.from('[]');
const branches = new Map<number, Order[]>();
const polledAt = new Map<number, number>();
let polls = 0;
let gapsMs: number[] = [];
let placed = 0;

function answer(url: string): Buffer | undefined {
  const [, branch, after] = /^\/branches\/(\d+)\/orders\?after=(\d+)$/.exec(url) ?? [];
  if (branch === undefined) return undefined;
  notePoll(Number(branch));
  const orders = (branches.get(Number(branch)) ?? []).filter(({ id }) => id > Number(after));
  return orders.length === 0 ? none : Buffer.from(JSON.stringify(orders));
}

function notePoll(branch: number): void {
  const now = performance.now();
  const before = polledAt.get(branch);
  if (before !== undefined) gapsMs.push(now - before);
  polledAt.set(branch, now);
  polls++;
}

function place(branch: number): void {
  const orders = branches.get(branch) ?? [];
  branches.set(branch, orders);
  orders.push({ ...orderRow(++placed), placed_at: new Date().toISOString() });
}

const server = createServer((request, response) => {
  const body = answer(request.url ?? '');
  response.writeHead(body ? 200 : 404, { 'content-type': 'application/json', 'content-length': body?.length ?? 0 });
  response.end(body);
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  answerParent(
    { origin: `http://127.0.0.1:${port}` },
    {
      /** Orders in branches by chance. */
      emit: ({ branchCount, ...emission }: Emission & { readonly branchCount: number }) =>
        emit(emission, () => place(Math.floor(Math.random() * branchCount))),
      placed: () => placed,
      /** Since the last time that it was asked. */
      pollTimes: (): PollTimes => {
        const times = { polls, gapsMs };
        polls = 0;
        gapsMs = [];
        return times;
      },
    },
  );
});
