/** GraphQL over WebSocket at `/graphql`: graphql-ws speaks the protocol, `ws` the frames, and answers are sent past both. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLSchema, parse, type GraphQLError } from 'graphql';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { GraphqlWsConnection, type AskedOperation, type ConnectionShared } from './graphql-ws-connection.ts';
import { createSharedClock } from './shared-clock.ts';
import { OperationErrors } from './socket-operation.ts';
import { createSharedBytes } from './text-frame.ts';

export interface GraphqlWsEndpoint {
  /** Takes over a connection whose client asked for a WebSocket, and which may come from where it comes. */
  readonly accept: (request: IncomingMessage, connection: Duplex, head: Buffer) => void;
  /**
   * Closes all sockets with 1001. Subscriptions end at once; queries and mutations under way are answered first.
   *
   * @param timeoutMs - after which those that did not close are cut.
   */
  readonly stop: (timeoutMs: number) => Promise<void>;
}

/** Larger messages close their socket with 1009. */
const maxMessageBytes = 1024 * 1024;

/** Makes the endpoint; nothing runs while no socket is open. */
export function createGraphqlWsEndpoint(options: Omit<ConnectionShared, 'bytesOf'>): GraphqlWsEndpoint {
  const shared: ConnectionShared = { ...options, bytesOf: createSharedBytes() };
  const protocol = protocolServer(options);
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    // Pongs are ours: they are withheld from a client that does not read.
    autoPong: false,
    // So long a goodbye may take; the published types do not know it yet.
    ...({ closeTimeout: options.settings.closeGraceMs } as object),
    // A message is handled to its first wait before the next one comes, so that `complete` never overtakes `subscribe`.
    allowSynchronousEvents: false,
    handleProtocols,
  });
  const connections = new Set<GraphqlWsConnection>();
  const clock = createSharedClock(connections, options.settings.keepAliveMs);
  let tellEmpty: () => void = () => {};
  const open = (socket: WebSocket, request: IncomingMessage, duplex: Duplex): void => {
    const connection = new GraphqlWsConnection(shared, socket, duplex, request.headers);
    connections.add(connection);
    clock.start();
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => connection.send(text),
        close: (code = CloseCode.InternalServerError, reason = '') => connection.close(code, reason),
        onMessage: (handle) => listen(socket, connection, handle, options),
      },
      connection,
    );
    socket.on('ping', (data) => connection.pinged(data));
    socket.on('pong', () => connection.answeredPing());
    // `ws` closes the socket with the code that says what was wrong with its frames.
    socket.on('error', () => connection.close(CloseCode.BadRequest, 'Invalid message received'));
    socket.once('close', (code, reason) => {
      connections.delete(connection);
      connection.gone();
      void closed(code, String(reason));
      if (connections.size === 0) tellEmpty();
    });
  };
  return {
    accept: (request, duplex, head) =>
      sockets.handleUpgrade(request, duplex, head, (socket) => open(socket, request, duplex)),
    async stop(timeoutMs) {
      const empty = new Promise<void>((resolve) => (tellEmpty = resolve));
      for (const connection of connections) connection.leave();
      if (connections.size === 0) return clock.stop();
      const deadline = setTimeout(() => connections.forEach((connection) => connection.cut()), timeoutMs);
      await empty;
      clearTimeout(deadline);
      clock.stop();
    },
  };
}

/** What `subscribe` messages ask for travels with the arguments of their execution. */
interface Asked {
  readonly connection: GraphqlWsConnection;
  readonly id: string;
  readonly payload: AskedOperation;
}

/**
 * graphql-ws without its execution: every operation, of whatever kind, is an iterator of ours. So it keeps the ids, the
 * acknowledgement, `error` and `complete`, and one bad document never closes a socket.
 */
function protocolServer({ settings }: Pick<ConnectionShared, 'settings'>) {
  const iterate = ({ contextValue }: { readonly contextValue?: unknown }): AsyncIterableIterator<never> => {
    const { connection, id, payload } = contextValue as Asked;
    return connection.operation(id, payload);
  };
  return makeServer<Record<string, unknown>, GraphqlWsConnection>({
    connectionInitWaitTimeout: settings.initTimeoutMs,
    onConnect: ({ connectionParams, extra }) => extra.authorize(connectionParams),
    onSubscribe: ({ extra }, id, payload) => {
      const contextValue: Asked = { connection: extra, id, payload };
      return { schema: nowhere, document: anything, contextValue, rootValue: undefined };
    },
    subscribe: iterate as never,
    onError: (_context, _id, _payload, errors) => errors.flatMap(formattedOf),
  });
}

/** graphql-ws wants to know the kind of the operation; for it everything is a subscription. */
const anything = parse('subscription { anything }');
const nowhere = new GraphQLSchema({});

function formattedOf(error: GraphQLError) {
  const { originalError } = error;
  return originalError instanceof OperationErrors ? originalError.errors : [error.toJSON()];
}

function listen(
  socket: WebSocket,
  connection: GraphqlWsConnection,
  handle: (text: string) => Promise<void>,
  { logger }: Pick<ConnectionShared, 'logger'>,
): void {
  socket.on('message', (data: Buffer, isBinary) => {
    // What comes after our goodbye is not read.
    if (!connection.isOpen) return;
    if (isBinary) return connection.close(CloseCode.BadRequest, 'Invalid message received');
    connection.heard(data.length);
    handle(data.toString()).catch((error: unknown) => {
      // A message that only servers send is all that graphql-ws throws at.
      if (error instanceof Error && error.message.startsWith('Unexpected message')) {
        return connection.close(CloseCode.BadRequest, 'Invalid message received');
      }
      logger.error({ err: error }, 'A message of a socket failed');
      return connection.close(CloseCode.InternalServerError, 'Internal server error');
    });
  });
}
