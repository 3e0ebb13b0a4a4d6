/** Stops a server so that every answer under way arrives. */
import type { Server } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { onceOver } from './response-turn.ts';

export interface RequestWatch {
  /** True from the moment when the stop begins. */
  readonly isDraining: () => boolean;
  /**
   * Closes idle connections, waits for answers under way, then closes all.
   *
   * @param timeoutMs - after which the connections of those that did not end are cut.
   */
  readonly stop: (app: FastifyInstance, timeoutMs: number, logger: FastifyBaseLogger) => Promise<void>;
}

/** Counts the requests under way from now on. */
export function watchRequests(server: Server): RequestWatch {
  let draining = false;
  let underWay = 0;
  let tellEnded: () => void = () => {};
  server.on('request', (_request, response) => {
    underWay += 1;
    onceOver(response, () => {
      underWay -= 1;
      if (underWay === 0) tellEnded();
    });
  });
  // Between the decision to stop and the end of listening a connection may still come in.
  server.on('connection', (socket) => {
    if (draining) socket.destroy();
  });
  const ended = () =>
    new Promise<void>((resolve) => {
      tellEnded = resolve;
      if (underWay === 0) resolve();
    });
  return {
    isDraining: () => draining,
    stop: async (app, timeoutMs, logger) => {
      draining = true;
      const deadline = setTimeout(() => {
        logger.warn({ timeoutMs }, 'Answers under way did not end in time; their connections are cut');
        server.closeAllConnections();
      }, timeoutMs);
      try {
        const closed = app.close();
        await ended();
        // Node counts a connection that never sent a request as busy; browsers keep such ones at hand.
        server.closeAllConnections();
        await closed;
      } finally {
        clearTimeout(deadline);
      }
    },
  };
}
