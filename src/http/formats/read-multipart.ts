/** Reads `multipart/form-data` as it comes (RFC 7578): one part after the other, and none is held as a whole. */
import { Readable } from 'node:stream';
import { InputError } from '../../errors.ts';

/** One part of a form. */
export interface FormPart {
  readonly name: string;
  /** Absent for what is no file. */
  readonly filename: string | undefined;
  readonly mediaType: string | undefined;
  /** What it holds; to be read before the next part is asked for, which passes over the rest. */
  readonly body: Readable;
}

/**
 * The parts of a form in their order. A form that breaks off fails the part that is read, and the list.
 *
 * @param source - the body of the request; it fails by itself when it is cut.
 * @throws InputError UPLOAD_INVALID for what is no such form.
 */
export async function* readMultipart(source: Readable, contentType: string | undefined): AsyncGenerator<FormPart> {
  const form = new FormReader(source, boundaryOf(contentType));
  await form.begin();
  while (await form.hasNext()) {
    const part = await form.nextPart();
    yield part;
    await form.passOver();
  }
}

/** The whole of a small part, as text. @throws InputError UPLOAD_INVALID when it is longer. */
export async function textOfPart({ name, body }: FormPart, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw invalid(`its part ${JSON.stringify(name)} has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

/** Head of a part; browsers write some hundred bytes. */
const maxHeadBytes = 8 * 1024;
const lineEnd = Buffer.from('\r\n');
const headEnd = Buffer.from('\r\n\r\n');

class FormReader {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #delimiter: Buffer;
  /** What has come and was not taken yet. */
  #waiting: Buffer = Buffer.alloc(0);
  #body: PartBody | undefined;

  constructor(source: Readable, boundary: string) {
    this.#chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
  }

  /** To the first delimiter, which may stand at the very beginning. */
  async begin(): Promise<void> {
    this.#waiting = Buffer.from(lineEnd);
    await this.#until(this.#delimiter, maxHeadBytes);
  }

  /** Two dashes behind a delimiter end the form. */
  async hasNext(): Promise<boolean> {
    while (this.#waiting.length < 2) await this.#more();
    const next = this.#waiting.toString('latin1', 0, 2);
    if (next === '--') return false;
    if (next !== '\r\n') throw invalid('a part of it does not begin where it should');
    return true;
  }

  async nextPart(): Promise<FormPart> {
    const head = (await this.#until(headEnd, maxHeadBytes)).toString('utf8');
    const disposition = headerOf(head, 'content-disposition');
    const name = parameterOf(disposition, 'name');
    if (name === undefined || !/^form-data\b/i.test(disposition)) throw invalid('a part of it has no name');
    const mediaType = headerOf(head, 'content-type') || undefined;
    const body = new PartBody(() => this.#piece());
    this.#body = body;
    return { name, filename: parameterOf(disposition, 'filename'), mediaType, body };
  }

  /** What nobody has read of the part. */
  async passOver(): Promise<void> {
    const body = this.#body;
    if (!body) return;
    body.destroy();
    await body.reading;
    while (!body.isWhole) body.isWhole = (await this.#piece()) === undefined;
  }

  /** The next piece of a body; `undefined` behind its delimiter. */
  async #piece(): Promise<Buffer | undefined> {
    for (;;) {
      const end = this.#waiting.indexOf(this.#delimiter);
      if (end > 0) return this.#take(end);
      if (end === 0) {
        this.#take(this.#delimiter.length);
        return undefined;
      }
      // What may be the beginning of a delimiter waits for what follows.
      const sure = this.#waiting.length - this.#delimiter.length + 1;
      if (sure > 0) return this.#take(sure);
      await this.#more();
    }
  }

  async #until(mark: Buffer, maxBytes: number): Promise<Buffer> {
    for (;;) {
      const at = this.#waiting.indexOf(mark);
      if (at >= 0) {
        const before = this.#take(at);
        this.#take(mark.length);
        return before;
      }
      if (this.#waiting.length > maxBytes) throw invalid(`the head of a part has more than ${maxBytes} bytes`);
      await this.#more();
    }
  }

  #take(size: number): Buffer {
    const taken = this.#waiting.subarray(0, size);
    this.#waiting = this.#waiting.subarray(size);
    return taken;
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done)
      throw new InputError(
        'UPLOAD_CUT',
        'The form ended before it was whole, so nothing of it was kept. Send it again.',
      );
    this.#waiting = this.#waiting.length === 0 ? value : Buffer.concat([this.#waiting, value]);
  }
}

class PartBody extends Readable {
  isWhole = false;
  /** What is under way at the source. */
  reading: Promise<void> = Promise.resolve();
  readonly #piece: () => Promise<Buffer | undefined>;

  constructor(piece: () => Promise<Buffer | undefined>) {
    super({ highWaterMark: 64 * 1024 });
    this.#piece = piece;
    // Whoever reads it is told; where nobody does any more, nobody is.
    this.on('error', () => {});
  }

  override _read(): void {
    this.reading = this.#readPiece();
  }

  async #readPiece(): Promise<void> {
    try {
      const piece = await this.#piece();
      this.isWhole = piece === undefined;
      this.push(piece ?? null);
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 */
function boundaryOf(contentType = ''): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw invalid('its Content-Type names no boundary');
  return boundary;
}

function headerOf(head: string, name: string): string {
  const line = head.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim() ?? '';
}

/** As browsers write them: quotes, and in them three signs as percent and digits (WHATWG HTML, "multipart form data"). */
function parameterOf(disposition: string, name: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(disposition) ?? [];
  if (quoted === undefined) return plain;
  return quoted
    .replaceAll(/\\(["\\])/g, '$1')
    .replaceAll(/%(22|0D|0A)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function invalid(what: string): InputError {
  return new InputError('UPLOAD_INVALID', `The body is no multipart/form-data that can be read: ${what}.`);
}
