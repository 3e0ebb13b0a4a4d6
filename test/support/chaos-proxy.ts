/** A network between a gateway and its store that can be as bad as networks are. On 127.0.0.1 only. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface ChaosProxy {
  readonly port: number;
  /** The same URL, by way of the proxy. */
  readonly through: (url: string) => string;
  /** Every piece of data arrives so much later, both ways. */
  readonly delay: (ms: number) => void;
  /** Nothing arrives any more, and nobody is told; connections of that time never work again, as behind a firewall that forgot them. */
  readonly swallow: () => void;
  /** Ends the connections that there are at once. */
  readonly reset: () => void;
  /** Nobody listens. */
  readonly down: () => Promise<void>;
  /** From now on all is well. */
  readonly heal: () => Promise<void>;
  readonly connectionCount: () => number;
  readonly close: () => Promise<void>;
}

/** @param port - of the store, on 127.0.0.1. */
export async function startChaosProxy(port: number): Promise<ChaosProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const lost = new WeakSet<Socket>();
  let delayMs = 0;
  let isSwallowing = false;
  const carry = (from: Socket, to: Socket) => {
    from.on('data', (chunk) => {
      if (isSwallowing || lost.has(from)) return;
      if (delayMs === 0) to.write(chunk);
      // Timers of one length fire in their order, so the pieces stay in theirs.
      else setTimeout(() => to.writable && to.write(chunk), delayMs);
    });
    from.on('close', () => {
      if (!isSwallowing && !lost.has(from)) to.destroy();
    });
    from.on('error', () => {});
  };
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.once('close', () => pairs.delete(pair));
    if (isSwallowing) lose(pair);
    carry(client, upstream);
    carry(upstream, client);
  });
  const lose = (pair: readonly [Socket, Socket]) => pair.forEach((socket) => lost.add(socket));
  const reset = () => {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  };
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port: own } = server.address() as AddressInfo;
  const down = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    reset();
    await closed;
  };
  return {
    port: own,
    through(url) {
      const changed = new URL(url);
      changed.port = String(own);
      return changed.href;
    },
    delay: (ms) => void (delayMs = ms),
    swallow() {
      isSwallowing = true;
      pairs.forEach(lose);
    },
    reset,
    down,
    async heal() {
      delayMs = 0;
      isSwallowing = false;
      if (!server.listening) await listen(own);
    },
    connectionCount: () => pairs.size,
    close: down,
  };
}
