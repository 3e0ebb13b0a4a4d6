/** A form with files that a client sends (`multipart/form-data`, RFC 7578), read part by part as it comes. */
import { Readable } from 'node:stream';
import { InputError } from '../errors.ts';

/** One part. Read its body to the end, or let go of it, before the next part is asked for. */
export interface FormPart {
  readonly name: string;
  /** Of a file. */
  readonly filename: string | undefined;
  readonly mediaType: string | undefined;
  readonly body: AsyncIterable<Buffer>;
}

/** What stands before the file, and the file itself: whoever needs to know where it goes has to be told first. */
export interface IncomingForm {
  readonly fields: Readonly<Record<string, string>>;
  /** `undefined` where the form has none. What follows it is not read. */
  readonly file: (Omit<FormPart, 'body'> & { readonly source: Readable }) | undefined;
}

/** Bytes of a head of a part, and of all fields together. */
const maxHeadBytes = 16 * 1024;
const maxFieldBytes = 1024 * 1024;

/**
 * Reads a form up to its first file.
 *
 * @param contentType - of the request.
 * @throws InputError BODY_INVALID for what is no such form; BODY_TOO_LARGE for fields of more than 1 MiB; UPLOAD_CUT where it
 *   ends early. The stream of the file fails with the same.
 */
export async function readForm(source: Readable, contentType: string | undefined): Promise<IncomingForm> {
  const parts = readParts(source, contentType);
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  let left = maxFieldBytes;
  for (;;) {
    const { value: part, done } = await parts.next();
    if (done) return { fields, file: undefined };
    if (part.filename !== undefined) {
      const { body, ...file } = part;
      return { fields, file: { ...file, source: Readable.from(body, { objectMode: false }) } };
    }
    const chunks: Buffer[] = [];
    for await (const chunk of part.body) {
      left -= chunk.length;
      if (left < 0)
        throw new InputError('BODY_TOO_LARGE', `The fields of the form are longer than ${maxFieldBytes} bytes.`);
      chunks.push(chunk);
    }
    fields[part.name] = Buffer.concat(chunks).toString('utf8');
  }
}

/** All parts in their order. @throws as `readForm` */
export async function* readParts(source: Readable, contentType: string | undefined): AsyncGenerator<FormPart, void> {
  const delimiter = Buffer.from(`\r\n--${boundaryOf(contentType)}`);
  // The first delimiter may stand at the very beginning, where no line has ended.
  const incoming = new Window(source, Buffer.from('\r\n'));
  for await (const _preamble of incoming.until(delimiter)) void _preamble;
  while (!(await endsForm(incoming))) {
    const head = await readHead(incoming);
    incoming.isPast = false;
    yield { ...head, body: incoming.until(delimiter) };
    // What nobody read stands before the next part.
    if (!incoming.isPast) for await (const _rest of incoming.until(delimiter)) void _rest;
  }
}

function boundaryOf(contentType = ''): string {
  const [, quoted, plain] =
    /^multipart\/form-data\b.*;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/is.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary !== undefined) return boundary;
  throw new InputError('BODY_INVALID', 'The body is no form: expected multipart/form-data with a boundary.');
}

/** After a delimiter: `--` ends the form, a line end begins a part; blanks before that are allowed (RFC 2046 §5.1.1). */
async function endsForm(incoming: Window): Promise<boolean> {
  const line = await incoming.line(maxHeadBytes);
  if (line.startsWith('--')) return true;
  if (line.trim() === '') return false;
  throw notAForm();
}

async function readHead(incoming: Window): Promise<Omit<FormPart, 'body'>> {
  const headers = new Map<string, string>();
  for (let left = maxHeadBytes; ;) {
    const line = await incoming.line(left);
    if (line === '') break;
    left -= line.length;
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = headers.get('content-disposition') ?? '';
  const name = parameterOf(disposition, 'name');
  if (!/^form-data\b/i.test(disposition) || name === undefined) throw notAForm();
  return { name, filename: parameterOf(disposition, 'filename'), mediaType: headers.get('content-type') };
}

/** As browsers and Python write it: in quotes, with three signs as `%22`, `%0D`, `%0A`, or with backslashes; or as RFC 5987 has it. */
function parameterOf(disposition: string, name: string): string | undefined {
  const extended = new RegExp(`;\\s*${name}\\*=utf-8''([^;\\s]+)`, 'i').exec(disposition)?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      throw notAForm();
    }
  }
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s"]+))`, 'i').exec(disposition) ?? [];
  return quoted?.replace(/\\(["\\])/g, '$1').replace(/%(22|0D|0A)/gi, (sign) => decodeURIComponent(sign)) ?? plain;
}

function notAForm(): InputError {
  return new InputError('BODY_INVALID', 'The form cannot be read: a part of it is not as multipart/form-data has it.');
}

/** What has come and is not taken yet. */
class Window {
  /** The delimiter that was last looked for is taken. */
  isPast = false;
  readonly #source: Readable;
  #held: Buffer;

  constructor(source: Readable, start: Buffer) {
    this.#source = source;
    this.#held = start;
  }

  /** Everything before a delimiter, which is taken too. */
  async *until(delimiter: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const found = this.#held.indexOf(delimiter);
      if (found >= 0) {
        const rest = this.#held.subarray(0, found);
        this.#held = this.#held.subarray(found + delimiter.length);
        this.isPast = true;
        if (rest.length > 0) yield rest;
        return;
      }
      // Its beginning may stand at the end of what has come.
      const sure = this.#held.length - delimiter.length + 1;
      if (sure > 0) {
        const passed = this.#held.subarray(0, sure);
        this.#held = this.#held.subarray(sure);
        yield passed;
      }
      await this.#more();
    }
  }

  /** One line, without its end. */
  async line(maxBytes: number): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#held.toString('utf8', 0, end);
        this.#held = this.#held.subarray(end + 2);
        return line;
      }
      // The last delimiter of a form may end without a line end.
      if (this.#held.length === 2 && this.#held.toString() === '--') return '--';
      if (this.#held.length > maxBytes) throw notAForm();
      await this.#more();
    }
  }

  /** The source is never destroyed, and has no listener but while somebody waits: the rest may be read by others, or by nobody. */
  async #more(): Promise<void> {
    for (;;) {
      const chunk = this.#source.read() as Buffer | null;
      if (chunk !== null) {
        this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
        return;
      }
      if (this.#source.readableEnded || this.#source.destroyed) throw cut();
      await nextEvent(this.#source);
    }
  }
}

function nextEvent(source: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const events = ['readable', 'end', 'close'] as const;
    const stop = () => {
      for (const event of events) source.off(event, go);
      source.off('error', fail);
    };
    const go = () => {
      stop();
      resolve();
    };
    const fail = (error: Error) => {
      stop();
      reject(cut(error));
    };
    for (const event of events) source.on(event, go);
    source.on('error', fail);
  });
}

function cut(cause?: unknown): InputError {
  return new InputError('UPLOAD_CUT', 'The form ended before it was whole, so nothing of it was kept. Send it again.', {
    cause,
  });
}
