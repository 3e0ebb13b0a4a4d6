/** A network between the gateway and its store that is cut from time to time. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttableNetwork {
  readonly port: number;
  /** Ends every connection that there is; new ones are made. */
  readonly cut: () => void;
  /** Nothing arrives any more, and nobody is told, until `heal`; connections of that time never work again. */
  readonly swallow: () => void;
  readonly heal: () => void;
  readonly close: () => void;
}

/** @param port - of the store, on 127.0.0.1. */
export async function openNetwork(port: number): Promise<CuttableNetwork> {
  const sockets = new Set<Socket>();
  const lost = new WeakSet<Socket>();
  let isSwallowing = false;
  const carry = (from: Socket, to: Socket): void => {
    sockets.add(from);
    if (isSwallowing) lost.add(from);
    from.on('data', (chunk) => lost.has(from) || to.write(chunk));
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      if (!lost.has(from)) to.destroy();
    });
  };
  const server = createServer((client) => {
    const store = connect(port, '127.0.0.1');
    carry(client, store);
    carry(store, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    swallow() {
      isSwallowing = true;
      for (const socket of sockets) lost.add(socket);
    },
    heal() {
      isSwallowing = false;
    },
    close() {
      cut();
      server.close();
    },
  };
}
