/** The bytes of a file on their way: read once, as they come, and never held as a whole. */
import { Readable } from 'node:stream';
import { GatewayError } from './errors.ts';

/** What is known of a content before it has passed. */
export interface ContentFacts {
  /** Bytes; absent where nobody told. */
  readonly size?: number | undefined;
  /** e.g. `image/png`, as whoever sends it says. */
  readonly mediaType?: string | undefined;
  /** Of the file, without folders. */
  readonly name?: string | undefined;
}

/** The value of a field of the type `stream`. */
export class Content implements AsyncIterable<Uint8Array>, ContentFacts {
  #facts: ContentFacts;
  #open: (() => Readable) | undefined;

  /** @param open - begins to read; called once at most. */
  constructor(open: () => Readable, facts: ContentFacts = {}) {
    this.#open = open;
    this.#facts = facts;
  }

  get size(): number | undefined {
    return this.#facts.size;
  }

  get mediaType(): string | undefined {
    return this.#facts.mediaType;
  }

  get name(): string | undefined {
    return this.#facts.name;
  }

  /** Waits until what is known of it is known, as for one of several that come in turn. */
  async arrive(): Promise<void> {}

  /** For whoever learns of it when it arrives. */
  protected told(facts: ContentFacts): void {
    this.#facts = facts;
  }

  /** Of what is there already. */
  static of(bytes: string | Uint8Array, facts: Omit<ContentFacts, 'size'> = {}): Content {
    const whole = Buffer.from(bytes as Uint8Array);
    return new Content(() => Readable.from([whole], { objectMode: false }), { ...facts, size: whole.length });
  }

  /** The same content under a name. */
  named(name: string): Content {
    return new Content(() => this.open(), { size: this.size, mediaType: this.mediaType, name });
  }

  /** Whether somebody reads it, or has read it: it cannot be sent again then. */
  get isOpened(): boolean {
    return this.#open === undefined;
  }

  /**
   * Begins to read. The stream fails where the content is cut, so that a part is never taken for the whole.
   *
   * @throws GatewayError CONTENT_PASSED when it was read before.
   */
  open(): Readable {
    const open = this.#open;
    if (!open) {
      throw new GatewayError(
        'CONTENT_PASSED',
        'The content of a file passes once: it was read before. Ask for it anew.',
      );
    }
    this.#open = undefined;
    return open();
  }

  /** Lets go of what nobody wants to read. */
  discard(): void {
    this.#open?.().destroy();
    this.#open = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.open()[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }
}
