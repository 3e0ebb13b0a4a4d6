/** Judges a page of a feed's log and brings it into the form that is kept, before any store is asked. */
import { createHash } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import { checkNames, writeJsonText } from './check-record.ts';
import { writeText } from './exact-text.ts';
import type { FeedPage, NewEvent, NewParked } from './feed-log.ts';

/** An event as it is kept. */
export interface PreparedEvent {
  /** What its signature is known by; see `signatureKey`. */
  readonly signature: string;
  readonly id: string;
  readonly occurredAt: number | null;
  readonly payload: string;
  /** Bytes of the payload. */
  readonly size: number;
}

export interface PreparedParked {
  readonly code: string;
  readonly reason: string;
  /** What the signature is known by; `null` without one. */
  readonly key: string | null;
  readonly signature: string | null;
  readonly payload: string | null;
}

/** A page of which everything can be kept. */
export interface PreparedPage {
  readonly fence: number | undefined;
  readonly version: number | undefined;
  /** As JSON text; `undefined` leaves it as it is. */
  readonly progress: string | undefined;
  readonly events: readonly PreparedEvent[];
  readonly staged: readonly PreparedEvent[];
  readonly publish: boolean;
  readonly unstage: boolean;
  readonly seen: readonly string[];
  readonly parked: readonly PreparedParked[];
  readonly unpark: readonly string[];
  readonly delivery: { readonly key: string; readonly rememberMs: number } | undefined;
}

const maxSignatureLength = 512;
const maxPayloadLength = 4 * 1024 * 1024;
const defaultRememberMs = 24 * 60 * 60_000;
/** Signatures are mostly an id and a time, and shorter than this. */
const maxKeyLength = 40;

/** @throws GatewayError STORE_RECORD_INVALID for what no store could give back as it is, or a `progress` without fence. */
export function preparePage(feed: string, page: FeedPage): PreparedPage {
  checkNames({ 'feed id': feed });
  checkNumber('fence', page.fence);
  checkNumber('version', page.version);
  if (page.progress !== undefined && page.fence === undefined) {
    throw invalid('A page that sets the progress of a feed carries the fence of its poller; got none.');
  }
  const { delivery } = page;
  checkNumber('time to remember a delivery', delivery?.rememberMs);
  return {
    fence: page.fence,
    version: page.version,
    progress: page.progress === undefined ? undefined : writeJsonText(page.progress, 'progress'),
    events: (page.events ?? []).map(prepareEvent),
    staged: (page.staged ?? []).map(prepareEvent),
    publish: page.publish ?? false,
    unstage: page.unstage ?? false,
    seen: (page.seen ?? []).map(checkedKey),
    parked: (page.parked ?? []).map(prepareParked),
    unpark: [...new Set(page.unpark)],
    delivery: delivery && { key: signatureKey(delivery.id), rememberMs: delivery.rememberMs ?? defaultRememberMs },
  };
}

/**
 * What a signature is looked up by: itself while it is short, so that neighbours in time are neighbours in the index;
 * a longer one is its beginning and a digest, which no short one equals.
 */
export function signatureKey(signature: string): string {
  const text = writeText(signature);
  if (text.length <= maxKeyLength) return text;
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 22);
  return `${text.slice(0, maxKeyLength - 21).toWellFormed()}${digest}`;
}

function prepareEvent({ signature, id, occurredAt, payload }: NewEvent): PreparedEvent {
  if (occurredAt !== undefined && !Number.isSafeInteger(occurredAt)) {
    throw invalid(`The time of an event is in whole milliseconds; got ${occurredAt}.`);
  }
  if (payload === '' || payload.length > maxPayloadLength) {
    throw invalid(`The payload of an event is 1–${maxPayloadLength} characters of JSON; got ${payload.length}.`);
  }
  const kept = writeText(payload);
  return {
    signature: checkedKey(signature),
    id: writeText(id),
    occurredAt: occurredAt ?? null,
    payload: kept,
    size: Buffer.byteLength(kept),
  };
}

function prepareParked({ reason, code, signature, payload }: NewParked): PreparedParked {
  if (payload !== undefined && payload.length > maxPayloadLength) {
    throw invalid(`The payload of a parked event is at most ${maxPayloadLength} characters; got ${payload.length}.`);
  }
  return {
    code: writeText(code),
    reason: writeText(reason),
    key: signature === undefined ? null : checkedKey(signature),
    signature: signature === undefined ? null : writeText(signature),
    payload: payload === undefined ? null : writeText(payload),
  };
}

function checkedKey(signature: string): string {
  if (signature !== '' && signature.length <= maxSignatureLength) return signatureKey(signature);
  throw invalid(`The signature of an event is 1–${maxSignatureLength} characters; got ${signature.length}.`);
}

function checkNumber(what: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return;
  throw invalid(`The ${what} of a page is a whole number from 0 on; got ${value}.`);
}

function invalid(message: string): GatewayError {
  return new GatewayError('STORE_RECORD_INVALID', message);
}
