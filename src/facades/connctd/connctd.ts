/**
 * connctd's REST interface of connectors at `/api/v1`: what its clients know as instance and client is our registration and
 * connection.
 *
 * @see docs/from-connctd.md
 */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { FacadeRooms } from '../facade.ts';
import { addClientRoutes } from './clients.ts';
import { addDescriptionRoutes } from './descriptions.ts';
import { connctdFailure, notFound } from './failure.ts';
import { addInstanceRoutes } from './instances.ts';
import type { ConnctdSettings } from './settings.ts';
import { addThingRoutes } from './things.ts';

/** The facade as a plugin, without state of its own. */
export function connctdFacade(rooms: FacadeRooms, settings: ConnctdSettings = {}): FastifyPluginAsync {
  return async (app) => {
    await app.register(
      async (routes) => {
        readEmptyBodies(routes);
        routes.setErrorHandler((error, request, reply) => {
          const { status, headers, body, isFault } = connctdFailure(error, request.id);
          if (isFault) request.log.error({ requestId: request.id, err: error }, 'A request of a connctd client failed');
          return reply.code(status).headers(headers).send(body);
        });
        routes.setNotFoundHandler(() => {
          throw notFound('ROUTE_DOESNT_EXIST', 'Nothing is served at this path, or not by this method.');
        });
        addDescriptionRoutes(routes, rooms);
        addInstanceRoutes(routes, rooms);
        addClientRoutes(routes, rooms, settings);
        addThingRoutes(routes, rooms);
      },
      { prefix: '/api/v1' },
    );
  };
}

/** Clients that always send `Content-Type: application/json` send it with an empty DELETE too. */
function readEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, String(body), done);
  });
}
