/** What SQLite says, in our words. https://www.sqlite.org/rescode.html */
import { GatewayError } from '../../errors.ts';
import { failureCode } from './driver.ts';

const busy = 5;
const locked = 6;
const readOnly = 8;
const corrupt = 11;
const full = 13;
const notADatabase = 26;

/** Whether another process was at work, so that trying again helps. */
export function isBusy(error: unknown): boolean {
  const code = failureCode(error);
  return code === busy || code === locked;
}

/** The error for the caller; what is ours, or no fault of SQLite, stays what it is. Never names the file: it goes to clients. */
export function storeError(error: unknown, during: 'read' | 'write'): unknown {
  if (error instanceof GatewayError) return error;
  switch (failureCode(error)) {
    case undefined:
      return error;
    case full:
      return new GatewayError(
        'STORE_FULL',
        'The store cannot be written: its disk is full. Nothing was changed; make room and try again.',
        { cause: error },
      );
    case readOnly:
      return new GatewayError(
        'STORE_READ_ONLY',
        'The store cannot be written: its file or disk is read-only. Nothing was changed; let the gateway write there.',
        { cause: error },
      );
    case corrupt:
    case notADatabase:
      return new GatewayError(
        'STORE_CORRUPT',
        'The file of the store is damaged. Stop the gateway and restore the last good copy.',
        { cause: error },
      );
    default:
      return new GatewayError(
        'STORE_UNAVAILABLE',
        `The store could not be ${during === 'read' ? 'read' : 'written'} just now. Try again; the log says why.`,
        { cause: error },
      );
  }
}
