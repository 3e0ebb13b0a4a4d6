/** `/things`: what a subject's connections show, and what applications describe. */
import type { FastifyInstance } from 'fastify';
import { AuthorizationError, ProviderError } from '../../errors.ts';
import { createOpenRun } from '../../resolvers/opened-connection.ts';
import { checkStatus, type Thing, type ThingComponent, type ThingProperty } from '../../things/thing.ts';
import type { CallersThings, KeptThing } from '../../things/things.ts';
import type { FacadeRooms } from '../facade.ts';
import { badRequest, notFound } from './failure.ts';
import { linksFrom } from './links.ts';
import { addCall, objectOf, type Answer, type Asked, type Call, type ConnctdScope } from './route.ts';

export function addThingRoutes(app: FastifyInstance, rooms: FacadeRooms): void {
  const add = (
    method: Call['method'],
    url: string,
    scope: ConnctdScope,
    answer: (asked: Asked, things: CallersThings) => Promise<Answer>,
  ) =>
    addCall(app, rooms, { method, url: `/things${url}`, scope, needsSubject: true }, (asked) => {
      const { things, connections } = rooms.served();
      return answer(asked, things.of(asked.caller, createOpenRun(connections, asked.caller, asked.signal)));
    });
  const linkTo = () => linksFrom(rooms.baseUrl());
  const idOf = ({ params }: Asked) => params['id']!;

  add('POST', '', 'connctd.connector', async ({ body }, things) => {
    const { record } = await things.create(body);
    // The documentation writes `Id`; the other creations answer `id`.
    return { status: 201, body: { Id: record.id, id: record.id } };
  });

  add('GET', '', 'connctd.things.read', async (_asked, things) => {
    return { status: 200, body: (await things.list()).map(({ record }) => linkTo()('things', record.id)) };
  });

  add('GET', '/:id', 'connctd.things.read', async (asked, things) => {
    const kept = await things.find(idOf(asked));
    const thing = await readOrDescribe(things, kept);
    const { name, manufacturer, status, displayType, mainComponentId, attributes, components } = thing;
    const componentLinks = components.map(({ id }) => linkTo()('things', kept.record.id, 'components', id));
    return {
      status: 200,
      body: {
        id: kept.record.id,
        name,
        manufacturer,
        status,
        displayType,
        mainComponentId,
        componentLinks,
        attributes,
      },
    };
  });

  add('GET', '/:id/components/:component', 'connctd.things.read', async (asked, things) => {
    const kept = await things.find(idOf(asked));
    const { properties, ...component } = findComponent(things.describe(kept), asked);
    const propertyLinks = properties.map(({ id }) =>
      linkTo()('things', kept.record.id, 'components', component.id, 'properties', id),
    );
    return { status: 200, body: { ...component, propertyLinks } };
  });

  add('GET', '/:id/components/:component/properties/:property', 'connctd.things.read', async (asked, things) => {
    const kept = await things.find(idOf(asked));
    // An unknown one is told without asking the provider.
    findProperty(things.describe(kept), asked);
    return { status: 200, body: showProperty(findProperty(await things.read(kept), asked)) };
  });

  add('PUT', '/:id/components/:component/properties/:property', 'connctd.connector', async (asked, things) => {
    const { value } = objectOf(asked.body);
    const { component, property } = asked.params;
    const kept = await things.setProperty(idOf(asked), component!, property!, value);
    return { status: 200, body: showProperty(findProperty(things.describe(kept), asked)) };
  });

  add('POST', '/:id/components/:component/actions/:action', 'connctd.things.action', async (asked, things) => {
    const body = objectOf(asked.body ?? {});
    const parameters = 'parameters' in body ? objectOf(body['parameters'], 'parameters') : body;
    const { component, action } = asked.params;
    const request = await things.act(idOf(asked), component!, action!, parameters);
    return { status: 201, body: { ...request, deadline: new Date(request.deadline).toISOString() } };
  });

  add('PATCH', '/:id', 'connctd.connector', async (asked, things) => {
    const { status } = objectOf(asked.body);
    if (status === undefined) throw badRequest('BODY_INVALID', 'status: expected a status; got nothing.');
    await things.setStatus(idOf(asked), checkStatus(status));
    return { status: 204 };
  });

  add('DELETE', '/:id', 'connctd.connector', async (asked, things) => {
    await things.remove(idOf(asked));
    return { status: 200, body: { id: idOf(asked) } };
  });
}

/** A provider that does not answer leaves the thing as it is described, with the status UNKNOWN. */
async function readOrDescribe(things: CallersThings, kept: KeptThing): Promise<Thing> {
  try {
    return await things.read(kept);
  } catch (error) {
    if (error instanceof ProviderError || error instanceof AuthorizationError) return things.describe(kept);
    throw error;
  }
}

function findComponent({ components }: Thing, { params }: Asked): ThingComponent {
  const found = components.find(({ id }) => id === params['component']);
  if (found) return found;
  throw notFound('COMPONENT_DOESNT_EXIST', 'This thing has no component of that id.');
}

function findProperty(thing: Thing, asked: Asked): ThingProperty {
  const found = findComponent(thing, asked).properties.find(({ id }) => id === asked.params['property']);
  if (found) return found;
  throw notFound('PROPERTY_DOESNT_EXIST', 'This component has no property of that id.');
}

/** The value is always a text; one that is not known is an empty one. */
function showProperty({ value, lastUpdate, ...property }: ThingProperty) {
  return {
    ...property,
    value: value ?? '',
    lastUpdate: lastUpdate === null ? null : new Date(lastUpdate).toISOString(),
  };
}
