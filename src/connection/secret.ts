/** A text that nobody reads by accident: it prints `[redacted]` wherever it is logged, joined or serialized. */
import { inspect } from 'node:util';

const redacted = '[redacted]';

/**
 * Holds a credential. The text is a private field, so that neither a log, an error, JSON, a template, `structuredClone`
 * nor a message to a worker carries it; only `reveal` opens it, and only the outbound client has reason to.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Never keep it, and never let it enter a message. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  /** Also what `+`, template strings and comparisons see. */
  [Symbol.toPrimitive](): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
