/** A text that nobody reads by accident: it prints `[redacted]` wherever it is logged, joined or serialized. */
import { inspect } from 'node:util';

export const redacted = '[redacted]';

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

  /** Whether it is the same text. */
  equals(other: Secret | undefined): boolean {
    return other !== undefined && (other === this || other.#text === this.#text);
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

/** `undefined` stays what it is. */
export function secretOf(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : new Secret(text);
}

/** Whether both are absent, or the same. */
export function isSameSecret(one: Secret | undefined, other: Secret | undefined): boolean {
  return one === undefined ? other === undefined : one.equals(other);
}
