/** RDS' port-service at `/port-service`: what its consumers ask about services, and how accounts are connected. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizationError } from '../../../errors.ts';
import { isSubjectName } from '../../../connection/subjects.ts';
import { isPlainObject } from '../../../connector/check-keys.ts';
import { Secret } from '../../../http/secret.ts';
import type { RdsDesk } from '../desk.ts';
import { badRequest, conflict, raised } from '../failure.ts';
import { keepToken } from '../read-token.ts';
import { findService, listServices, type Service } from '../services.ts';
import { implementsOf, isOAuth, serviceData } from '../show-service.ts';
import { exchangeReturned, exchangeSigned } from './exchange.ts';
import { addUserServiceRoutes, portName } from './user-services.ts';

export function addPortServiceRoutes(app: FastifyInstance, desk: RdsDesk): void {
  app.get('/port-service/service', async () => {
    return Promise.all((await listServices(desk)).map((registration) => offer(desk, registration)));
  });

  app.get<{ Params: { service: string } }>('/port-service/service/:service', async ({ params }) => {
    const found = await findService(desk, portName(params.service));
    if (!found) throw raised('ServiceNotFoundError', 'There is no service of that name.');
    return offer(desk, found.registration);
  });

  app.post('/port-service/exchange', async (request, reply) => {
    try {
      await exchangeSigned(desk, isPlainObject(request.body) ? request.body['jwt'] : undefined);
    } catch (error) {
      noteFailure(request, error);
      throw badRequest('The code could not be exchanged for a token. Begin again.');
    }
    return reply.code(204).send();
  });

  addCredentialsRoute(app, desk);
  addUserServiceRoutes(app, desk);
  addReturnRoutes(app, desk);
}

/** Names and passwords that users enter at RDS' front ends. */
function addCredentialsRoute(app: FastifyInstance, desk: RdsDesk): void {
  app.post('/port-service/credentials', async ({ body }) => {
    const { servicename, username, password, userId } = isPlainObject(body) ? body : {};
    const name = typeof servicename === 'string' ? servicename.toLowerCase() : '';
    const service = await findService(desk, name);
    if (!service) throw raised('ServiceNotFoundError', 'There is no service of that name.');
    if (!isSubjectName(userId)) throw badRequest('userId: expected a text of 1–200 characters.');
    const entered = readCredentials(service, username, password);
    try {
      await keepToken(desk, userId, service, {
        servicename: name,
        refreshToken: undefined,
        expiresAt: null,
        ...entered,
      });
    } catch (error) {
      if (!(error instanceof AuthorizationError) || error.code !== 'CONNECTION_EXISTS') throw error;
      throw conflict('This user has a token of that service already.');
    }
    await desk.served().subjects.add(desk.tenant, userId);
    return true;
  });
}

/**
 * Where providers send browsers back to, and where these are sent on: also without the secret, which no browser may learn.
 * Whoever comes brings a state that we signed.
 */
export function addReturnRoutes(app: FastifyInstance, desk: RdsDesk): void {
  app.get<{ Querystring: { code?: unknown; state?: unknown } }>('/port-service/redirect', async (request, reply) => {
    try {
      await exchangeReturned(desk, request.query.code, request.query.state);
    } catch (error) {
      noteFailure(request, error);
      return sendOn(desk, reply, 'authorization-cancel');
    }
    return sendOn(desk, reply, 'authorization-success');
  });
}

/** What is shown at the end; only at the address without the secret. */
export function addEndPages(app: FastifyInstance): void {
  const pages = {
    'authorization-success': 'The account is connected. You can close this window.',
    'authorization-cancel': 'The account was not connected. Close this window and begin again.',
  };
  for (const [page, text] of Object.entries(pages)) {
    app.get(`/port-service/${page}`, async (_request, reply) => reply.type('text/plain; charset=utf-8').send(text));
  }
}

function sendOn({ baseUrl }: RdsDesk, reply: FastifyReply, page: string): FastifyReply {
  return reply.redirect(`${baseUrl().replace(/\/+$/, '')}/port-service/${page}`, 302);
}

function noteFailure({ log, id }: FastifyRequest, error: unknown): void {
  log.warn({ requestId: id, err: error }, 'A code of an RDS client could not be exchanged');
}

/** A service, and the state with which its account may be connected within a quarter of an hour. */
async function offer({ served }: RdsDesk, registration: Service['registration']) {
  const informations = serviceData(registration);
  const state = {
    servicename: informations['servicename'],
    authorize_url: registration.endpoints.authorizationUrl ?? null,
    implements: implementsOf(registration),
  };
  return { jwt: await served().stateTokens.issue(state, stateLifetimeSeconds), informations };
}

const stateLifetimeSeconds = 15 * 60;

/** @throws RdsRefusal 500 `Exception`, as RDS does where something is missing that the service asks for. */
function readCredentials({ registration }: Service, username: unknown, password: unknown) {
  const { credentials } = serviceData(registration) as { credentials?: { userId?: boolean; password?: boolean } };
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (isOAuth(registration)) throw raised('Exception', 'This service takes no names and passwords.');
  if (credentials?.userId !== false && !isText(username)) throw raised('Exception', 'username: expected a text.');
  if (credentials?.password !== false && !isText(password)) throw raised('Exception', 'password: expected a text.');
  return {
    username: isText(username) ? username : undefined,
    accessToken: isText(password) ? new Secret(password) : undefined,
  };
}
