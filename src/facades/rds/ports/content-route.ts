/** Calls of a port's interface by which the content of a file passes: streamed, never held as a whole. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readContent, writeContent } from '../../../connector/run-content.ts';
import type { Connector } from '../../../connector/definition.ts';
import type { Content } from '../../../content.ts';
import { contentHeaders } from '../../../http/content-headers.ts';
import { incomingContent } from '../../../http/incoming-content.ts';
import { readForm, type IncomingForm } from '../../../http/incoming-form.ts';
import { signalOf } from '../../call-signal.ts';
import { askOne, open, type Asking } from '../ask-capability.ts';
import type { RdsDesk } from '../desk.ts';
import { badRequest, RdsRefusal } from '../failure.ts';
import { readJsonBody } from './json-body.ts';
import { portUser } from './port-user.ts';
import { answering, findAction, findPort, type PortAnswer } from './route.ts';

type Values = Readonly<Record<string, unknown>>;
type Params = Readonly<Record<string, string>>;

/** Where a content is to be found, or put. */
export interface ContentPlace {
  readonly capability: string;
  readonly input: Values;
  /** Of the file, for those who fetch it. */
  readonly name?: string;
}

/** Answers a GET with a JSON body by the content itself. @param url - below `/ports/:port`. */
export function addDownload(
  app: FastifyInstance,
  desk: RdsDesk,
  url: string,
  placeOf: (params: Params, body: Values) => ContentPlace,
): void {
  app.get<{ Params: Params }>(`/ports/:port${url}`, { exposeHeadRoute: false }, async (request, reply) => {
    const content = await answering(request, reply, async () => {
      const connector = findPort(desk, request.params['port']!);
      const body = await readJsonBody(request);
      const place = placeOf(request.params, body);
      return fetchContent(desk, await asked(desk, connector, body, reply), place);
    });
    // A source that fails from here on destroys the connection: nobody takes a part for the whole.
    return reply.headers(contentHeaders(content)).send(content.open());
  });
}

/** The content of a place, opened. The signal of the asking ends it, also while it passes. */
export async function fetchContent(
  desk: RdsDesk,
  asking: Asking,
  { capability, input, name }: ContentPlace,
): Promise<Content> {
  const action = findAction(desk, asking.connector, capability);
  const { run } = await open(desk.served(), asking, action);
  const content = await readContent(action, run, await action.coerceInput(run, input));
  return name === undefined || content.name !== undefined ? content : content.named(name);
}

/** What an upload is told of its form. */
export interface Upload {
  readonly params: Params;
  readonly fields: Values;
  readonly filename: string | undefined;
  readonly mediaType: string | undefined;
  /** Asks the port something before the content passes. */
  readonly ask: (capability: string, input: Values) => Promise<any>;
}

/** Takes a form, of which the file comes last. @param url - below `/ports/:port`. */
export function addUpload(
  app: FastifyInstance,
  desk: RdsDesk,
  method: 'POST' | 'PATCH',
  url: string,
  placeOf: (upload: Upload) => ContentPlace | Promise<ContentPlace>,
  answer: (work: Promise<unknown>) => Promise<PortAnswer>,
): void {
  app.route<{ Params: Params }>({
    method,
    url: `/ports/:port${url}`,
    config: { takesContent: true },
    async handler(request, reply) {
      const { status = 200, body } = await answering(request, reply, async () => {
        const connector = findPort(desk, request.params['port']!);
        return answer(take(desk, connector, request, reply, placeOf));
      });
      return reply.code(status).send(body);
    },
  });
}

async function take(
  desk: RdsDesk,
  connector: Connector,
  request: FastifyRequest<{ Params: Params }>,
  reply: FastifyReply,
  placeOf: (upload: Upload) => ContentPlace | Promise<ContentPlace>,
): Promise<unknown> {
  const { fields, file } = await inTime(readForm(request.raw, request.headers['content-type']));
  if (!file) throw badRequest('files: expected a file, behind the other fields of the form.');
  const { filename, mediaType, source } = file;
  const asking = await asked(desk, connector, fields, reply);
  const ask: Upload['ask'] = (capability, input) =>
    askOne(desk.served(), asking, findAction(desk, connector, capability), input);
  const place = await placeOf({ params: request.params, fields, filename, mediaType, ask });
  const action = findAction(desk, connector, place.capability);
  const { run } = await open(desk.served(), asking, action);
  const input = await action.coerceInput(run, place.input);
  const { maxUploadBytes: maxBytes, idleMs } = desk.contents.limits;
  const incoming = incomingContent(source, { mediaType, name: filename }, { maxBytes, idleMs });
  try {
    return await writeContent(action, run, input, incoming.content);
  } catch (error) {
    throw incoming.failure() ?? error;
  }
}

/** For whom, while one of the contents that may pass at a time does. */
async function asked(desk: RdsDesk, connector: Connector, body: Values, reply: FastifyReply): Promise<Asking> {
  const user = await portUser(desk, connector, body['userId']);
  reply.raw.once('close', desk.contents.admit(desk.tenant));
  return { ...user, connector, signal: signalOf(reply, desk.contents.limits.transferMs) };
}

/** What stands before the content comes at once, or not at all. */
async function inTime(form: Promise<IncomingForm>): Promise<IncomingForm> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const refusal = new RdsRefusal(408, 'RequestTimeout', `The form did not begin within ${fieldsTimeMs} ms.`);
    timer = setTimeout(() => reject(refusal), fieldsTimeMs);
  });
  try {
    return await Promise.race([form, late]);
  } finally {
    clearTimeout(timer);
  }
}

const fieldsTimeMs = 30_000;
