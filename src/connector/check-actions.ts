/** Checks the actions of a connector, and how they page. */
import { didYouMean } from '../notation/nearest.ts';
import { describe, checkKeys, isPlainObject, type KeyKinds } from './check-keys.ts';
import { checkCapability } from './check-capability.ts';
import { checkPatterns } from './check-patterns.ts';
import { presentationKeys } from './presentation-keys.ts';
import { listedFields, type PartCheck, type Unchecked } from './part-check.ts';

const actionKeys: KeyKinds = {
  ...presentationKeys,
  readOnly: 'boolean',
  idempotent: 'boolean',
  idempotencyKey: 'object or function',
  batch: 'boolean',
  maxBatchSize: 'count',
  lacks: 'strings',
  list: 'boolean',
  paginate: 'object',
  execute: 'function!',
  isSuccess: 'function',
  capability: 'any',
  retryOnResponse: 'matchers',
  retryOnRequest: 'strings',
  maxRetries: 'number',
  summarizeInput: 'strings',
  summarizeOutput: 'strings',
  // Known, so that an action may be carried over as it is; they have no effect.
  bulk: 'any',
  titleHint: 'any',
  beforeSuspend: 'any',
  beforeResume: 'any',
  beforeTimeoutResume: 'any',
  streams: 'any',
};
const paginateKeys: KeyKinds = {
  strategy: 'string!',
  rows: 'string',
  pageParam: 'string',
  firstPage: 'number',
  sizeParam: 'string',
  pageSize: 'count',
  maxPageSize: 'count',
  next: 'string',
  hasMore: 'string',
  totalCount: 'string',
};
const strategies = ['page', 'offset', 'cursor', 'link', 'next_url'];
/** The real runtime repeats an action three times at most. */
const mostRetries = 3;

export function checkActions(actions: unknown, check: PartCheck): void {
  check.each(actions, 'actions', 'ACTION_INVALID', (action, path) => checkAction(action, path, check));
}

function checkAction(action: Unchecked, path: string, check: PartCheck): void {
  checkKeys(action, actionKeys, path, 'ACTION_INVALID', check.report, check.warn);
  check.notation(action.input, `${path}.input`);
  check.notation(action.output, `${path}.output`);
  if (Array.isArray(action.configFields)) check.fields(action.configFields, `${path}.configFields`);
  if (action.list === true && action.paginate !== undefined) {
    const message = 'expected either `list`, a plain list, or `paginate`, a list with pages; got both.';
    check.fault('ACTION_INVALID', `${path}.list`, message);
  }
  if (action.batch === true && typeof action.input !== 'function') {
    const lists = (listedFields(action.input) ?? []).filter((field) => field.type === 'array');
    if (lists.length !== 1) {
      const message = `expected exactly one field of type array, which takes the inputs, since batch is true; got ${lists.length}.`;
      check.fault('ACTION_INVALID', `${path}.input`, message);
    }
  }
  checkCapability(action.capability, `${path}.capability`, check);
  checkStreams(action, path, check);
  checkLacks(action, `${path}.lacks`, check);
  checkIdempotencyKey(action, `${path}.idempotencyKey`, check);
  checkRetries(action, path, check);
  if (isPlainObject(action.paginate)) {
    checkPaginate(action.paginate, `${path}.paginate`, action.readOnly === true, check);
  }
}

/** A content is taken by what writes, and given by what reads and gives nothing else: it passes at a time of its own. */
function checkStreams(action: Unchecked, path: string, check: PartCheck): void {
  const isReading = action.readOnly === true;
  const taken = streamsIn(action.input);
  const given = streamsIn(action.output);
  const fault = (at: string, expected: string): void => {
    check.fault('ACTION_INVALID', `${path}.${at}`, `expected ${expected}, since a content passes by itself.`);
  };
  if (taken > 0 && isReading) fault('input', 'no field of type stream with readOnly: true');
  if (taken > 1) fault('input', 'one field of type stream at most');
  if (taken > 0 && action.batch === true) fault('input', 'no field of type stream with batch: true');
  if (given === 0) return;
  if (!isReading) fault('output', 'no field of type stream in what a writing action gives');
  if (listedFields(action.output)?.length !== 1) fault('output', 'no other field beside one of type stream');
  if (action.list === true || action.paginate !== undefined || action.batch === true) {
    fault('output', 'one row, and no list of them');
  }
}

function streamsIn(source: unknown): number {
  return (listedFields(source) ?? []).filter(({ type }) => type === 'stream').length;
}

/** What rows lack can only be looked up in an entity that has it. */
function checkLacks({ lacks, output }: Unchecked, path: string, check: PartCheck): void {
  if (!Array.isArray(lacks)) return;
  const { key, lookup } = isPlainObject(output) ? output : {};
  if (key === undefined || lookup === undefined) {
    const message = 'expected an `output` that is an object with `key` and `lookup`; got another.';
    check.fault('ACTION_INVALID', path, message);
    return;
  }
  const names = (listedFields(output) ?? []).map((field) => String(field.name));
  for (const name of lacks) {
    if (typeof name !== 'string' || names.includes(name)) continue;
    const message = `expected names of fields of its output${didYouMean(name, names)}; got ${describe(name)}.`;
    check.fault('ACTION_INVALID', path, message);
  }
}

const idempotencyKeyKeys: KeyKinds = { header: 'string!', keptMs: 'count' };
/** A name of a header (RFC 9110 §5.6.2). */
const headerName = /^[!#$%&'*+.^_`|~\w-]+$/;

function checkIdempotencyKey({ idempotencyKey, readOnly }: Unchecked, path: string, check: PartCheck): void {
  if (idempotencyKey === undefined) return;
  if (readOnly === true) {
    check.fault('ACTION_INVALID', path, 'expected only with an action that writes; got it with readOnly: true.');
  }
  if (!isPlainObject(idempotencyKey)) return;
  checkKeys(idempotencyKey, idempotencyKeyKeys, path, 'ACTION_INVALID', check.report, check.warn);
  const { header } = idempotencyKey;
  if (typeof header !== 'string' || header === '' || headerName.test(header)) return;
  check.fault('ACTION_INVALID', `${path}.header`, `expected the name of a header; got ${describe(header)}.`);
}

function checkRetries({ maxRetries, retryOnResponse }: Unchecked, path: string, check: PartCheck): void {
  checkPatterns(retryOnResponse, `${path}.retryOnResponse`, 'ACTION_INVALID', check.report);
  if (typeof maxRetries === 'number' && (maxRetries < 0 || maxRetries > mostRetries || !Number.isInteger(maxRetries))) {
    const message = `expected a whole number from 0 to ${mostRetries}; got ${maxRetries}.`;
    check.fault('ACTION_INVALID', `${path}.maxRetries`, message);
  }
  if (maxRetries !== undefined && retryOnResponse === undefined) {
    const message = 'has no effect without `retryOnResponse`, which says what is tried again.';
    check.warn({ code: 'ACTION_INVALID', path: `${path}.maxRetries`, message });
  }
}

function checkPaginate(paginate: Unchecked, path: string, readOnly: boolean, check: PartCheck): void {
  checkKeys(paginate, paginateKeys, path, 'PAGINATE_INVALID', check.report, check.warn);
  const fault = (at: string, message: string) => check.fault('PAGINATE_INVALID', at, message);
  const { strategy, next, pageSize, maxPageSize } = paginate;
  if (typeof strategy === 'string' && strategy !== '' && !strategies.includes(strategy)) {
    fault(`${path}.strategy`, `expected one of ${strategies.join(', ')}; got ${describe(strategy)}.`);
  }
  if (typeof pageSize === 'number' && typeof maxPageSize === 'number' && pageSize > maxPageSize) {
    fault(`${path}.pageSize`, `expected at most maxPageSize (${maxPageSize}); got ${pageSize}.`);
  }
  if (next !== undefined && strategy !== 'cursor' && strategy !== 'next_url') {
    fault(`${path}.next`, `expected only with strategy cursor or next_url; got it with ${describe(strategy)}.`);
  }
  if (!readOnly) {
    const expected = 'expected an action with readOnly: true, since pages are read one after the other';
    fault(path, `${expected}; got a writing one.`);
  }
}
