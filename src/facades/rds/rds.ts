/**
 * Sciebo RDS' Token Storage at `/rds/<secret>`: what its clients know as service, token and user is our registration,
 * connection and subject, all of one tenant.
 *
 * @see docs/from-sciebo-rds.md
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { FacadeRooms } from '../facade.ts';
import { addResearchRoutes } from '../research/research-routes.ts';
import type { RdsDesk } from './desk.ts';
import { notFound, rdsFailure, RdsRefusal } from './failure.ts';
import { addMetadataRoutes } from './ports/metadata.ts';
import { addStorageRoutes } from './ports/storage.ts';
import { addEndPages, addPortServiceRoutes, addReturnRoutes } from './port-service/port-service.ts';
import { addServiceRoutes } from './services.ts';
import type { RdsSettings } from './settings.ts';
import { addTokenRoutes } from './tokens.ts';
import { addUserRoutes } from './users.ts';

export interface RdsFacadeOptions extends Omit<RdsSettings, 'secret'> {
  /** `undefined`: plainly `/rds`. */
  readonly secret: string | undefined;
}

/** Where services are told to send browsers back to, when the operator says nothing else. */
export function redirectUriOf({ redirectUri }: Pick<RdsSettings, 'redirectUri'>, baseUrl: () => string): () => string {
  return () => redirectUri ?? `${baseUrl().replace(/\/+$/, '')}/port-service/redirect`;
}

/** The facade as a plugin, without state of its own. */
export function rdsFacade({ served, baseUrl, contents }: FacadeRooms, options: RdsFacadeOptions): FastifyPluginAsync {
  const { tenant, secret, releaseTokens = false } = options;
  const desk: RdsDesk = {
    tenant,
    releaseTokens,
    redirectUri: redirectUriOf(options, baseUrl),
    served,
    baseUrl,
    contents,
  };
  return async (app) => {
    app.setErrorHandler((error, request, reply) => {
      const { status, body, isFault } = rdsFailure(error);
      if (isFault) request.log.error({ requestId: request.id, err: error }, 'A request of an RDS client failed');
      return reply.code(status).send(body);
    });
    addReturnRoutes(app, desk);
    addEndPages(app);
    await app.register(
      async (routes) => {
        if (secret === undefined) refusePages(routes);
        else guard(routes, secret);
        readJson(routes, secret !== undefined);
        addServiceRoutes(routes, desk);
        addUserRoutes(routes, desk);
        addTokenRoutes(routes, desk);
        addPortServiceRoutes(routes, desk);
        addResearchRoutes(routes, desk);
        addStorageRoutes(routes, desk);
        addMetadataRoutes(routes, desk);
        routes.all('/*', async () => {
          throw notFound('Nothing is served at this path, or not by this method.');
        });
      },
      { prefix: secret === undefined ? '/rds' : '/rds/:secret' },
    );
  };
}

/** Whoever does not know the address finds nothing, before any body is read. */
function guard(app: FastifyInstance, secret: string): void {
  const expected = digest(secret);
  app.addHook('onRequest', (request, reply, done) => {
    const { secret: given = '' } = request.params as { readonly secret?: string };
    if (timingSafeEqual(digest(given), expected)) return done();
    reply.callNotFound();
  });
}

/** An address that every page in a browser of this machine knows is for programs, which name no origin. */
function refusePages(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.headers.origin === undefined) return done();
    done(new RdsRefusal(403, 'Forbidden', 'Pages in a browser are not served here.'));
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Some of RDS' services send JSON without saying so. Only where a page in somebody's browser cannot know the address: it
 * could send such a body too.
 *
 * @param isHidden - whether the address is a secret.
 */
function readJson(app: FastifyInstance, isHidden: boolean): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  // Forms with files are read where they are taken.
  app.addContentTypeParser('multipart/form-data', (_request, _body, done) => done(null));
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser(isHidden ? '*' : 'application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, String(body), done);
  });
}
