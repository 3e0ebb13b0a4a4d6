/** Reads that are alike and under way at one time are sent once: whoever asks meanwhile is given the same answer. */
import { GatewayError } from '../errors.ts';
import type { CallContext, OutgoingRequest, ReceivedResponse, Sender } from '../http/send.ts';
import { untilAborted } from './until-aborted.ts';

/**
 * A sender that shares reads. Alike are those of one connection with the same URL and the same headers, credentials
 * included. What a connection writes makes it forget what is under way, before and after: whoever reads behind a write is
 * never given what was asked before. Polls, contents and requests with a body are sent as ever.
 */
export function shareReads(sender: Sender): Sender {
  const flights = new Map<string, Map<string, Flight>>();
  const begin = (owner: string, key: string, request: OutgoingRequest, context: CallContext): Flight => {
    const own = flights.get(owner) ?? new Map<string, Flight>();
    flights.set(owner, own);
    const flight: Flight = new Flight(async (signal) => {
      try {
        return await sender.send(request, { ...context, signal });
      } finally {
        if (own.get(key) === flight) own.delete(key);
        if (own.size === 0 && flights.get(owner) === own) flights.delete(owner);
      }
    });
    own.set(key, flight);
    return flight;
  };
  const read = async (request: OutgoingRequest, context: CallContext): Promise<ReceivedResponse> => {
    const owner = ownerOf(context);
    const key = keyOf(request);
    const known = flights.get(owner)?.get(key);
    if (!known || known.isGivenUp) return begin(owner, key, request, context).take(context);
    try {
      const answer = ownCopy(await known.take(context));
      context.budget.spare?.();
      return answer;
    } catch (error) {
      // That was the limit of whoever asked first.
      if (error instanceof GatewayError && error.code === 'REQUEST_LIMIT_EXCEEDED') return read(request, context);
      throw error instanceof GatewayError ? copyOf(error) : error;
    }
  };
  return {
    async send(request, context) {
      if (context.isRead === true)
        return isShareable(request, context) ? read(request, context) : sender.send(request, context);
      const owner = ownerOf(context);
      flights.delete(owner);
      try {
        return await sender.send(request, context);
      } finally {
        flights.delete(owner);
      }
    },
    close: () => sender.close(),
  };
}

/** One read under way, and those who wait for it. */
class Flight {
  readonly #controller = new AbortController();
  readonly #answer: Promise<ReceivedResponse>;
  #waiting = 0;

  constructor(send: (signal: AbortSignal) => Promise<ReceivedResponse>) {
    this.#answer = send(this.#controller.signal);
  }

  /** Nobody waits for it any more: it is being stopped. */
  get isGivenUp(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The answer. Whoever leaves leaves alone; with the last one it is stopped, and says so in its own words. */
  async take({ signal, title, connector }: CallContext): Promise<ReceivedResponse> {
    this.#waiting += 1;
    try {
      return await (signal ? untilAborted(this.#answer, signal, () => new Left()) : this.#answer);
    } catch (error) {
      if (!(error instanceof Left)) throw error;
      if (this.#waiting > 1) {
        throw new GatewayError('REQUEST_CANCELLED', `${title ?? connector}: its caller gave it up.`, { connector });
      }
      this.#controller.abort(signal!.reason);
      return await this.#answer;
    } finally {
      this.#waiting -= 1;
    }
  }
}

/** Who waited has gone. */
class Left extends Error {}

function isShareable({ method, body, streamed, tls }: OutgoingRequest, { isPoll, signal }: CallContext): boolean {
  const isPlain = (method === 'GET' || method === 'HEAD') && body === undefined && !streamed && !tls;
  return isPlain && !isPoll && signal?.aborted !== true;
}

function ownerOf({ connector, tenant, connection }: CallContext): string {
  return JSON.stringify([connector, tenant, connection]);
}

/** All that the request says to its provider, and where it may lead. */
function keyOf({ method, url, headers, redirects, declaredOrigin }: OutgoingRequest): string {
  return JSON.stringify([method, url.href, redirects, declaredOrigin, headers]);
}

/** What a connector does to an answer must not reach another one. */
function ownCopy({ body, url, ...response }: ReceivedResponse): ReceivedResponse {
  return { ...response, headers: { ...response.headers }, body: Buffer.from(body), url: new URL(url) };
}

type ErrorClass = new (...given: ConstructorParameters<typeof GatewayError>) => GatewayError;

/** Errors are told on their way up where they were raised, each in its own place. */
function copyOf(error: GatewayError): GatewayError {
  const { cause, details, code, message } = error;
  return new (error.constructor as ErrorClass)(code, message, { ...details, ...(cause !== undefined && { cause }) });
}
