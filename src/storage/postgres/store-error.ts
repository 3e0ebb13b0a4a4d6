/** What PostgreSQL says, in our words. https://www.postgresql.org/docs/current/errcodes-appendix.html */
import { GatewayError, type ErrorCode } from '../../errors.ts';

/**
 * A statement that failed. It keeps what the server or the system said and nothing else: the details that pg adds may
 * hold what was to be written.
 */
export class SqlFault extends Error {
  /** SQLSTATE of the server, or what the system said of the connection, e.g. `ECONNREFUSED`; empty when neither did. */
  readonly state: string;
  /** Whether the connection is of no use any more; what was under way may have happened. */
  readonly isLost: boolean;
  /** Whether the server itself said so, and not the system or a limit of ours. */
  readonly isFromServer: boolean;

  constructor(error: unknown) {
    const { code, message, severity } = (error ?? {}) as Partial<Record<'code' | 'message' | 'severity', unknown>>;
    super(typeof message === 'string' && message !== '' ? message : String(code));
    this.name = 'SqlFault';
    this.state = typeof code === 'string' ? code : '';
    this.isFromServer = typeof severity === 'string';
    // What the server did not say itself is a fault of the connection, or an answer that we did not wait for.
    this.isLost = !this.isFromServer || severity === 'FATAL' || /^(08|57P|25P03)/.test(this.state);
  }
}

/** Whether the server has no connection left for the moment, or is about to be there. */
export function isForAMoment({ state }: SqlFault): boolean {
  return state === '53300' || state === '57P03';
}

/** Whether trying again helps: two that wanted the same met, and one of them was undone as a whole. */
export function isUndone(error: unknown): boolean {
  return error instanceof SqlFault && (error.state === '40001' || error.state === '40P01');
}

/** Whether what was to be unique is there already; also when it is in our words. */
export function isTaken(error: unknown): boolean {
  const fault = error instanceof GatewayError ? error.cause : error;
  return fault instanceof SqlFault && fault.state === '23505';
}

/** The error for the caller; what is ours stays what it is. Never names the server: it goes to clients. */
export function storeError(error: unknown, during: 'read' | 'write'): unknown {
  if (!(error instanceof SqlFault)) return error;
  const code = codeOf(error.state);
  return new GatewayError(code, wordsFor(code, during), { cause: error });
}

/** The code for an SQLSTATE or a system error. */
export function codeOf(state: string): ErrorCode {
  if (state === '53100') return 'STORE_FULL';
  if (state === '25006' || state === '42501') return 'STORE_READ_ONLY';
  if (state.startsWith('XX0')) return 'STORE_CORRUPT';
  if (state === '54000' || state === '22021') return 'STORE_RECORD_INVALID';
  return 'STORE_UNAVAILABLE';
}

function wordsFor(code: ErrorCode, during: 'read' | 'write'): string {
  const words: Partial<Record<ErrorCode, string>> = {
    STORE_FULL: 'The store cannot be written: its disk is full. Nothing was changed; make room and try again.',
    STORE_READ_ONLY:
      'The store cannot be written: its database is read-only, or its user may not write. Nothing was changed; let the gateway write there.',
    STORE_CORRUPT: 'The database of the store is damaged. Stop the gateway and restore the last good copy.',
    STORE_RECORD_INVALID:
      'The names of a record together are at most 2600 bytes, in text that UTF-8 can say; got more.',
  };
  const failed = during === 'read' ? 'read' : 'written';
  return words[code] ?? `The store could not be ${failed} just now. Try again; the log says why.`;
}
