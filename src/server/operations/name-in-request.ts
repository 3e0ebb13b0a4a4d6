/** Puts the text in place of the name that a request over HTTP has for its document, so that Apollo Server sees texts alone. */
import { namesDocument, type NamedDocument } from './resolve-document.ts';

/** What Apollo Server reads of a request. */
export interface RequestParts {
  /** With its `?`, or empty. */
  readonly search: string;
  readonly body: unknown;
}

/**
 * How a request names its document, and how it reads with the text instead.
 *
 * @param isGet - the parameters of a GET are read, else the body.
 * @returns `undefined` for what is no object of parameters, which Apollo Server refuses.
 */
export function nameInRequest(
  isGet: boolean,
  { search, body }: RequestParts,
): { readonly named: NamedDocument; readonly withText: (query: string) => RequestParts } | undefined {
  if (!isGet) {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
    const { documentId: _id, ...rest } = body as Readonly<Record<string, unknown>>;
    const withText = (query: string) => ({ search, body: withoutHash({ ...rest, query }) });
    return { named: body, withText };
  }
  const parameters = new URLSearchParams(search);
  const extensions = parse(parameters.get('extensions'));
  const named = { query: parameters.get('query') ?? undefined, documentId: parameters.get('documentId'), extensions };
  const withText = (query: string): RequestParts => {
    const next = new URLSearchParams(parameters);
    next.delete('documentId');
    next.set('query', query);
    const left = withoutHash({ extensions })['extensions'];
    // What is no JSON is left for Apollo Server to refuse.
    if (extensions !== undefined) next.set('extensions', JSON.stringify(left));
    return { search: `?${next.toString()}`, body };
  };
  return { named, withText };
}

/** Most requests hold their text: those are not read here at all. */
export function mayNameDocument(isGet: boolean, { search, body }: RequestParts): boolean {
  if (isGet) return /documentId|persistedQuery/.test(search);
  return typeof body === 'object' && body !== null && namesDocument(body);
}

function withoutHash(request: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { extensions } = request;
  if (typeof extensions !== 'object' || extensions === null || !('persistedQuery' in extensions)) return request;
  const { persistedQuery: _hash, ...rest } = extensions;
  return { ...request, extensions: rest };
}

function parse(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
