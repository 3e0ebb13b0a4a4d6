/**
 * Lumos' interface of connectors at `/lumos/<connector>/<capability>`: what its callers know as capability is ours, and their
 * envelope, codes and names are kept.
 *
 * @see docs/from-lumos.md
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../connection/caller.ts';
import { CallerError, GatewayError } from '../../errors.ts';
import { readLumosName } from '../../importers/lumos/wire-names.ts';
import { signalOf } from '../call-signal.ts';
import type { FacadeRooms } from '../facade.ts';
import { dispatch } from './dispatch.ts';
import { infoOf } from './info.ts';
import { InvalidRequest } from './request.ts';
import type { LumosSettings } from './settings.ts';

interface Place {
  Params: { readonly connector?: string; readonly app?: string; readonly capability?: string };
  Querystring: { readonly connection?: string };
}

/** The facade as a plugin, without state of its own. */
export function lumosFacade(rooms: FacadeRooms, { connector: only }: LumosSettings = {}): FastifyPluginAsync {
  return async (app) => {
    const callerOf = new WeakMap<FastifyRequest, Caller>();
    app.setErrorHandler((error, request, reply) => {
      const { status, detail, isFault } = refusalOf(error);
      if (isFault) request.log.error({ requestId: request.id, err: error }, 'A request of a Lumos caller failed');
      if (status === 401) reply.header('www-authenticate', 'Bearer realm="plugboard"');
      return reply.code(status).send({ detail });
    });
    // Who asks is judged before any body is read.
    app.addHook('onRequest', async (request) => void callerOf.set(request, await rooms.caller(request.headers)));

    const answer = async (request: FastifyRequest<Place>, reply: FastifyReply, connectorName: string) => {
      const served = rooms.served();
      const connector = served.connectors.get(connectorName);
      const { app: appId, capability = 'info' } = request.params;
      if (!connector || (appId !== undefined && appId !== connector.name)) throw new Refusal(404, 'Not Found');
      if (capability === 'info') return infoOf(served, connector);
      const asked = readLumosName(capability);
      if (!asked) throw new Refusal(404, 'Not Found');
      if (request.method !== 'POST') throw new Refusal(405, 'Method Not Allowed');
      return dispatch(served, {
        connector,
        asked,
        body: request.body,
        caller: callerOf.get(request)!,
        connection: request.query.connection,
        signal: signalOf(reply),
        onFault: (err) => request.log.error({ requestId: request.id, err }, 'A capability failed'),
      });
    };
    addRoutes(app, '/lumos/:connector', (request, reply) => answer(request, reply, request.params.connector!));
    if (only !== undefined) addRoutes(app, '', (request, reply) => answer(request, reply, only), `/${only}`);
  };
}

/** The paths of one connector: `/list-accounts`, and the same after its name. */
function addRoutes(
  app: FastifyInstance,
  base: string,
  answer: (request: FastifyRequest<Place>, reply: FastifyReply) => Promise<unknown>,
  prefix = '/:app',
): void {
  // Below the root only what Lumos knows is taken: all else is not ours.
  const capability = base === '' ? ':capability(^[A-Za-z.]+[-_][A-Za-z_-]+$)' : ':capability';
  for (const url of [`${base}/${capability}`, `${base}${prefix}/${capability}`]) {
    app.route<Place>({ method: ['GET', 'POST'], url, exposeHeadRoute: false, handler: answer });
  }
  if (base === '') app.route<Place>({ method: ['GET', 'POST'], url: '/info', exposeHeadRoute: false, handler: answer });
}

/** An answer that is no envelope, in the words of Lumos' servers. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** Only our own words reach the caller. */
function refusalOf(error: unknown): { status: number; detail: unknown; isFault?: boolean } {
  if (error instanceof Refusal) return { status: error.status, detail: error.message };
  if (error instanceof InvalidRequest) return { status: 422, detail: error.detail };
  if (error instanceof CallerError)
    return { status: error.code === 'UNAUTHENTICATED' ? 401 : 403, detail: error.message };
  if (error instanceof GatewayError && error.code !== 'INTERNAL_ERROR') {
    return { status: error.code === 'INPUT_INVALID' ? 400 : 503, detail: error.message };
  }
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown };
  if (statusCode === 400) {
    return { status: 422, detail: [{ loc: ['body'], msg: 'JSON decode error', type: 'json_invalid' }] };
  }
  if (typeof statusCode === 'number' && statusCode < 500)
    return { status: statusCode, detail: 'The request cannot be read.' };
  return { status: 500, detail: 'Internal Server Error', isFault: true };
}
