/** Files beside an operation, as the GraphQL multipart request specification has them: `operations`, `map`, then the files in turn. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Content } from '../content.ts';
import { InputError } from '../errors.ts';
import { readMultipart, textOfPart, type FormPart } from '../http/formats/read-multipart.ts';
import { incomingContent } from '../http/incoming-content.ts';
import type { FileLimits } from '../transfers/file-limits.ts';

export interface MultipartRequest {
  /** The operation, with a `Content` in the place of each file. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Lets go of what was not read; to be called before the answer is sent. */
  readonly end: () => void;
}

/** `operations` and `map` together are no larger than any other body. */
export interface MultipartLimits extends FileLimits {
  readonly bodyBytes: number;
}

/** Whether a body is to be read so. */
export function isMultipart(headers: IncomingHttpHeaders): boolean {
  return /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');
}

/**
 * Reads a request up to its first file; the files pass while the operation is executed, each once and in the order of the form.
 *
 * A page of another site can send a form without asking first, so a header is demanded that makes browsers ask (CSRF).
 *
 * @see https://github.com/jaydenseric/graphql-multipart-request-spec
 * @throws InputError UPLOAD_INVALID, BODY_TOO_LARGE, UPLOAD_CUT
 */
export async function readMultipartRequest(
  source: Readable,
  headers: IncomingHttpHeaders,
  limits: MultipartLimits,
): Promise<MultipartRequest> {
  requirePreflight(headers);
  const length = headers['content-length'];
  const facts = { size: length === undefined ? undefined : Number(length) };
  const incoming = incomingContent(source, facts, { maxBytes: limits.maxUploadBytes, idleMs: limits.idleMs });
  const stream = incoming.content.open();
  try {
    const parts = readMultipart(stream, headers['content-type']);
    const operations = await jsonPart(parts, 'operations', limits.bodyBytes);
    if (Array.isArray(operations)) throw invalid('`operations` is a list; send one operation with its files');
    const body = objectOf(operations, 'operations');
    const map = objectOf(await jsonPart(parts, 'map', limits.bodyBytes), 'map');
    const keys = Object.keys(map);
    if (keys.length === 0) throw invalid('`map` names no files; send an operation without any as application/json');
    if (keys.length > limits.maxFiles)
      throw invalid(`\`map\` names ${keys.length} files; expected ${limits.maxFiles} at most`);
    const files = new FilesInTurn(parts, keys);
    for (const key of keys) put(body, pathOf(map[key], key), new FileInTurn(files, key));
    return { body, end: () => void stream.destroy() };
  } catch (error) {
    stream.destroy();
    throw incoming.failure() ?? error;
  }
}

function requirePreflight(headers: IncomingHttpHeaders): void {
  if (headers['apollo-require-preflight'] || headers['x-apollo-operation-name'] || headers['graphql-require-preflight'])
    return;
  const message =
    'Files beside an operation are taken with the header Apollo-Require-Preflight only, which no form of another site can send. Add it, with any value.';
  throw new InputError('UPLOAD_INVALID', message);
}

async function jsonPart(parts: AsyncGenerator<FormPart>, name: string, maxBytes: number): Promise<unknown> {
  const { value: part } = await parts.next();
  if (part?.name !== name) {
    throw invalid(
      `expected the part \`${name}\`${name === 'map' ? ' second' : ' first'}; got ${part ? JSON.stringify(part.name) : 'none'}`,
    );
  }
  const text = await textOfPart(part, maxBytes);
  // As for every other body: a key that could become a prototype is no data.
  if (/"(?:__proto__|constructor)"\s*:/.test(text)) throw invalid(`\`${name}\` has a key that is not taken`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid(`\`${name}\` is no JSON`);
  }
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(`\`${name}\` is no object`);
}

/** A content passes once, so it has one place. */
function pathOf(paths: unknown, key: string): readonly string[] {
  const [path] = Array.isArray(paths) ? (paths as readonly unknown[]) : [];
  const isOne = Array.isArray(paths) && paths.length === 1 && typeof path === 'string' && /^variables\../.test(path);
  if (!isOne) throw invalid(`\`map\` gives the file ${JSON.stringify(key)} not exactly one place in \`variables\``);
  return path.split('.');
}

function put(body: Record<string, unknown>, path: readonly string[], content: Content): void {
  const shown = JSON.stringify(path.join('.'));
  let place: unknown = body;
  for (const step of path.slice(0, -1)) place = ownOf(place, step, shown);
  const last = path.at(-1)!;
  if (ownOf(place, last, shown) !== null)
    throw invalid(`\`map\` gives ${shown} to a file, where \`operations\` has no null`);
  (place as Record<string, unknown>)[last] = content;
}

function ownOf(place: unknown, step: string, shown: string): unknown {
  const isPlace =
    typeof place === 'object' && place !== null && !(place instanceof Content) && Object.hasOwn(place, step);
  if (!isPlace) throw invalid(`\`map\` names the place ${shown}, which \`operations\` does not have`);
  return (place as Record<string, unknown>)[step];
}

/** The files of one form, of which one is under way at a time. */
class FilesInTurn {
  readonly #parts: AsyncGenerator<FormPart>;
  readonly #waiting: Set<string>;

  constructor(parts: AsyncGenerator<FormPart>, keys: readonly string[]) {
    this.#parts = parts;
    this.#waiting = new Set(keys);
  }

  /** Passes over what comes before it. @throws InputError UPLOAD_INVALID when it has passed already, or does not come. */
  async next(key: string): Promise<FormPart> {
    if (!this.#waiting.has(key)) {
      throw invalid(
        `the file ${JSON.stringify(key)} came before it was used; send files in the order in which the operation uses them`,
      );
    }
    for (;;) {
      const { value: part, done } = await this.#parts.next();
      if (done) throw invalid(`the file ${JSON.stringify(key)} of \`map\` did not come`);
      this.#waiting.delete(part.name);
      if (part.name === key) return part;
    }
  }
}

/** A file whose turn is still to come. */
class FileInTurn extends Content {
  readonly #files: FilesInTurn;
  readonly #key: string;
  #part: Promise<FormPart> | undefined;
  #body: Readable | undefined;

  constructor(files: FilesInTurn, key: string) {
    super(() => this.#arrived());
    this.#files = files;
    this.#key = key;
  }

  override async arrive(): Promise<void> {
    this.#part ??= this.#files.next(this.#key);
    const { body, filename, mediaType } = await this.#part;
    this.#body = body;
    this.told({ name: filename, mediaType });
  }

  #arrived(): Readable {
    if (!this.#body) throw new TypeError('A file is opened when it has arrived.');
    return this.#body;
  }
}

function invalid(what: string): InputError {
  return new InputError('UPLOAD_INVALID', `The files beside the operation cannot be taken: ${what}.`);
}
