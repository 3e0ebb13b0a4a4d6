/** Who the client of one WebSocket is: judged when it says so, again and again while it is there, and counted. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { Caller } from '../../connection/caller.ts';
import { CallerError, InputError } from '../../errors.ts';
import { credentialHeaders, type CallerWatch } from './caller-watch.ts';
import type { Places } from './places.ts';

/** What all sockets share. */
export interface SocketCallerShared {
  readonly caller: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  readonly callerWatch: CallerWatch;
  readonly places: Places;
  readonly logger: FastifyBaseLogger;
}

export interface CallersSocket {
  readonly isOpen: boolean;
  readonly close: (code: number, reason: string) => void;
}

export class SocketCaller {
  readonly #shared: SocketCallerShared;
  readonly #socket: CallersSocket;
  /** Of the upgrade; those of `connection_init` come over them. */
  #headers: IncomingHttpHeaders;
  #caller: Caller | undefined;
  #endWatch: () => void = () => {};
  #giveBack: () => void = () => {};
  #isGone = false;

  constructor(shared: SocketCallerShared, socket: CallersSocket, headers: IncomingHttpHeaders) {
    this.#shared = shared;
    this.#socket = socket;
    this.#headers = credentialsOf(headers);
  }

  /** `undefined` until it was judged. */
  get known(): Caller | undefined {
    return this.#caller;
  }

  /**
   * Judges who it is, from the headers of the upgrade and the payload of `connection_init`.
   *
   * @returns `false` when it may not be here; graphql-ws then closes with 4403.
   */
  async authorize(payload: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    this.#headers = { ...this.#headers, ...credentialsOf(payload) };
    try {
      const caller = await this.#shared.caller(this.#headers);
      if (!this.#socket.isOpen || this.#isGone) return false;
      return this.#admit(caller);
    } catch (error) {
      if (error instanceof CallerError || error instanceof InputError) return false;
      // Nobody can be asked just now: the client is not to take it for a refusal.
      this.#shared.logger.warn({ err: error }, 'The caller of a socket cannot be judged now');
      this.#socket.close(1013, 'Try again later');
      return false;
    }
  }

  /** The socket is closed: its place is free again. */
  gone(): void {
    this.#isGone = true;
    this.#endWatch();
    this.#giveBack();
  }

  #admit(caller: Caller): boolean {
    const giveBack = this.#shared.places.take(caller);
    if (!giveBack) {
      this.#socket.close(4429, 'Too many sockets for this subject');
      return false;
    }
    this.#giveBack = giveBack;
    this.#caller = caller;
    this.#endWatch = this.#shared.callerWatch.watch(this.#headers, caller, () => this.#socket.close(4403, 'Forbidden'));
    return true;
  }
}

/** The credentials among headers, or in a payload, where names are written in any case. */
function credentialsOf(values: Readonly<Record<string, unknown>> | undefined): IncomingHttpHeaders {
  const found: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(values ?? {})) {
    const header = credentialHeaders.find((each) => each === name.toLowerCase());
    if (header && typeof value === 'string') found[header] = value;
  }
  return found;
}
