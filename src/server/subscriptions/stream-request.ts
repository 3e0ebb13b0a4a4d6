/** Reads a GraphQL request from a JSON body or a query string, for server-sent events. */
import { InputError } from '../../errors.ts';
import { isObject } from '../../notation/coerce-value.ts';
import { kindOf } from '../../notation/mismatch.ts';
import { namesDocument, type NamedDocument } from '../operations/resolve-document.ts';

export interface StreamRequest extends NamedDocument {
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** @throws InputError BODY_INVALID with what was expected and what came. */
export function requestFromBody(body: unknown): StreamRequest {
  if (!isObject(body)) {
    throw invalid(`The body must be a JSON object with \`query\`; got ${kindOf(body)}.`);
  }
  const { query, operationName, variables, documentId, extensions } = body;
  if (typeof query !== 'string' && (isGiven(query) || !namesDocument(body))) {
    throw invalid(`\`query\` must be a string; got ${kindOf(query)}.`);
  }
  if (isGiven(operationName) && typeof operationName !== 'string') {
    throw invalid(`\`operationName\` must be a string; got ${kindOf(operationName)}.`);
  }
  if (isGiven(variables) && !isObject(variables)) {
    throw invalid(`\`variables\` must be an object; got ${kindOf(variables)}.`);
  }
  if (isGiven(extensions) && !isObject(extensions)) {
    throw invalid(`\`extensions\` must be an object; got ${kindOf(extensions)}.`);
  }
  return { query, documentId, extensions, operationName, variables };
}

/** @param search - the query string. @throws InputError BODY_INVALID */
export function requestFromSearch(search: string): StreamRequest {
  const given = new URLSearchParams(search);
  return requestFromBody({
    query: given.get('query') ?? undefined,
    documentId: given.get('documentId') ?? undefined,
    operationName: given.get('operationName') ?? undefined,
    variables: fromJson('variables', given.get('variables')),
    extensions: fromJson('extensions', given.get('extensions')),
  });
}

function fromJson(name: string, text: string | null): unknown {
  if (text === null || text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid(`The parameter \`${name}\` must be JSON; got something else.`);
  }
}

function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

function invalid(message: string): InputError {
  return new InputError('BODY_INVALID', message);
}
