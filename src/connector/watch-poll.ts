/** What a poll says and hears in headers: whether anything changed since the poll before, and when it may be repeated. */
import type { Sender } from '../http/send.ts';
import type { Trigger } from './definition.ts';

/** What the provider said beside the rows. */
export interface PollHints {
  /** Names what the first GET was answered with, for triggers that are `conditional`. */
  readonly etag?: string;
  /** So long the provider wants to be left alone, in milliseconds, at most an hour. */
  readonly waitMs?: number;
}

export interface WatchedPoll {
  /** Sends what the poll sends. */
  readonly sender: Sender;
  readonly hints: () => PollHints;
  /** The provider answered that nothing has changed: what the poll threw then is that, and no failure. */
  readonly isUnchanged: () => boolean;
}

const longestWaitMs = 60 * 60_000;
/** It is stored with the feed. */
const maxEtagLength = 1_024;

/**
 * Watches the requests of one poll.
 *
 * @param etag - of the same poll before: the first GET asks only for what changed since (RFC 9110 §13.1.2).
 */
export function watchPoll(
  { conditional = false, intervalHeader }: Pick<Trigger, 'conditional' | 'intervalHeader'>,
  sender: Sender,
  etag: string | undefined,
): WatchedPoll {
  const waitHeader = intervalHeader?.toLowerCase();
  let firstUrl: string | undefined;
  let heardTag: string | undefined;
  let waitMs = 0;
  let isUnchanged = false;
  const send: Sender['send'] = async (request, context) => {
    const { method, url, headers } = request;
    if (conditional && method === 'GET') firstUrl ??= url.href;
    // It is sent again when its credentials were renewed.
    const isFirst = method === 'GET' && url.href === firstUrl;
    const isConditional = isFirst && etag !== undefined && headers['if-none-match'] === undefined;
    const asked = isConditional ? { ...request, headers: { ...headers, 'if-none-match': etag } } : request;
    const answer = await sender.send(asked, context);
    if (waitHeader !== undefined) waitMs = Math.max(waitMs, readSeconds(answer.headers[waitHeader]));
    if (isFirst && (answer.status === 200 || answer.status === 304)) heardTag = answer.headers['etag'];
    if (!isConditional || answer.status !== 304) return answer;
    isUnchanged = true;
    throw new Error('Nothing has changed since the poll before.');
  };
  return {
    sender: { send, close: () => sender.close() },
    hints: () => ({
      ...(heardTag !== undefined && heardTag.length <= maxEtagLength && { etag: heardTag }),
      ...(waitMs > 0 && { waitMs }),
    }),
    isUnchanged: () => isUnchanged,
  };
}

/** 0 for what is no number of seconds. */
function readSeconds(text: string | undefined): number {
  if (text === undefined || !/^\d{1,9}(\.\d{1,9})?$/.test(text)) return 0;
  return Math.min(Number(text) * 1_000, longestWaitMs);
}
