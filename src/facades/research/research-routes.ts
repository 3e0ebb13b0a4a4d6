/**
 * Sciebo RDS' research manager, below the address of its Token Storage: research contexts of the subjects of one tenant.
 *
 * @see docs/from-sciebo-rds.md
 */
import type { FastifyInstance } from 'fastify';
import { isSubjectName } from '../../connection/subjects.ts';
import { isPlainObject } from '../../connector/check-keys.ts';
import { InputError } from '../../errors.ts';
import type { OwnersResearch, ResearchContext, ResearchDirection } from '../../research/research.ts';
import type { RdsDesk } from '../rds/desk.ts';
import { badRequest, notFound } from '../rds/failure.ts';
import { readPort, readPorts, showPort, showResearch, statusOf } from './port.ts';

type OfUser = { readonly Params: { readonly user: string } };
type OfResearch = { readonly Params: { readonly user: string; readonly index: string } };
type OfPort = { readonly Params: OfResearch['Params'] & { readonly port: string } };

/** Adds `/research/…`; what goes wrong is answered as the Token Storage does. */
export function addResearchRoutes(app: FastifyInstance, desk: Pick<RdsDesk, 'tenant' | 'served'>): void {
  const of = (user: string): OwnersResearch => desk.served().research.of({ tenant: desk.tenant, subject: user });

  // Who has none is answered 404 with an empty list.
  app.get<OfUser>('/research/user/:user', async ({ params: { user } }, reply) => {
    const all = await of(user).list();
    return reply.code(all.length === 0 ? 404 : 200).send(all.map(showResearch));
  });
  app.post<OfUser>('/research/user/:user', async ({ params: { user }, body }) => {
    if (!isSubjectName(user)) throw badRequest('A user has a name of 1–200 characters.');
    const { portIn, portOut, researchname } = bodyOf(body ?? {});
    const given = {
      name: readName(researchname),
      imports: readPorts(portIn, 'portIn'),
      exports: readPorts(portOut, 'portOut'),
    };
    return showResearch(await kept(of(user).create(given)));
  });
  app.delete<OfUser>('/research/user/:user', async ({ params: { user } }, reply) => {
    const living = (await of(user).list()).filter(({ state }) => state !== 'DELETED');
    if (living.length === 0) throw notFound('This user has no research.');
    for (const { id } of living) await of(user).reach(id, 'DELETED');
    return reply.code(204).send();
  });

  app.get<{ Params: { id: string } }>('/research/id/:id', async ({ params: { id } }) => {
    const found = await desk.served().research.findInTenant(desk.tenant, numberOf(id));
    if (found?.subject) return showResearch(found);
    throw unknownResearch();
  });
  addContextRoutes(app, of);
  addPortRoutes(app, of, 'imports');
  addPortRoutes(app, of, 'exports');
}

type Of = (user: string) => OwnersResearch;

/** One of a user, by its place among those of that user. */
function addContextRoutes(app: FastifyInstance, of: Of): void {
  const path = '/research/user/:user/research/:index';
  app.get<OfResearch>(path, async ({ params }) => showResearch(await find(of, params)));
  app.delete<OfResearch>(path, async ({ params }, reply) => {
    await of(params.user).reach((await find(of, params)).id, 'DELETED');
    return reply.code(204).send();
  });

  app.get<OfResearch>(`${path}/status`, async ({ params }) => ({ status: statusOf(await find(of, params)) }));
  app.patch<OfResearch>(`${path}/status`, async ({ params, body }) => {
    const { id } = await find(of, params);
    const isFinish = isPlainObject(body) && body['finish'] === true;
    const changed = await (isFinish ? of(params.user).reach(id, 'DONE') : of(params.user).advance(id));
    return { status: statusOf(changed) };
  });

  app.get<OfResearch>(`${path}/researchname`, async ({ params }) => ({ researchname: (await find(of, params)).name }));
  app.put<OfResearch>(`${path}/researchname`, async ({ params, body }) => {
    const { id } = await find(of, params);
    const { name } = await kept(of(params.user).rename(id, readName(bodyOf(body)['researchname'])));
    return { researchname: name };
  });
}

function addPortRoutes(app: FastifyInstance, of: Of, direction: ResearchDirection): void {
  const path = `/research/user/:user/research/:index/${direction}`;
  app.get<OfResearch>(path, async ({ params }) => (await find(of, params))[direction].map(showPort));
  app.post<OfResearch>(path, async ({ params, body }) => {
    const { id } = await find(of, params);
    const changed = await kept(of(params.user).setPort(id, direction, readPort(body, 'The body')));
    return changed[direction].map(showPort);
  });
  app.get<OfPort>(`${path}/:port`, async ({ params }) => {
    const port = (await find(of, params))[direction][numberOf(params.port)];
    if (port) return showPort(port);
    throw notFound('This research has no such port.');
  });
  // RDS answers 200 with what is left, also where there was nothing at that place.
  app.delete<OfPort>(`${path}/:port`, async ({ params }) => {
    const { id } = await find(of, params);
    const isMeant = (_port: unknown, index: number) => index === numberOf(params.port);
    return (await of(params.user).removePorts(id, direction, isMeant))[direction].map(showPort);
  });
}

/** @throws RdsRefusal 404 */
async function find(of: Of, { user, index }: OfResearch['Params']): Promise<ResearchContext> {
  const found = (await of(user).list())[numberOf(index)];
  if (found) return found;
  throw unknownResearch();
}

/** -1 for what is no number. */
function numberOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : -1;
}

function bodyOf(body: unknown): Readonly<Record<string, unknown>> {
  if (isPlainObject(body)) return body;
  throw badRequest('The body: expected a JSON object.');
}

function readName(name: unknown): string | null {
  if (name === undefined || name === null || name === '') return null;
  if (typeof name === 'string') return name;
  throw badRequest('researchname: expected a text.');
}

/** @throws RdsRefusal 400 for what is not kept: too many ports, a text that is too long. */
async function kept(change: Promise<ResearchContext>): Promise<ResearchContext> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof InputError && error.code === 'INPUT_INVALID') throw badRequest(error.message);
    throw error;
  }
}

function unknownResearch() {
  return notFound('There is no such research.');
}
