/** Keeps what is about to pass, and passes it once. */
import { randomBytes } from 'node:crypto';
import type { Caller } from '../connection/caller.ts';
import type { KeyRing } from '../connection/seal.ts';
import type { Connector } from '../connector/definition.ts';
import { prepareAction, type ActionRun, type RunOptions } from '../connector/run-action.ts';
import { readContent, writeContent } from '../connector/run-content.ts';
import { InputError } from '../errors.ts';
import type { Records } from '../storage/records.ts';
import { openInput, sealInput, transferIdOf, transferKind, type TransferValue } from './transfer-record.ts';
import type { FoundTransfer, Transfers } from './transfers.ts';

export interface TransfersOptions {
  readonly records: Records;
  readonly keyRing: KeyRing;
  /** Those that are served, by name. */
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly runOptions: RunOptions;
  /** Opens a connection of a caller; the signal ends the work. @throws AuthorizationError */
  readonly openRun: (
    caller: Caller,
    signal: AbortSignal,
  ) => (connector: Connector, connection?: string | null, scopes?: readonly string[]) => Promise<ActionRun>;
  /** Where clients reach the gateway. */
  readonly baseUrl: () => string;
  /** So long a URL is good. Default 600 000. */
  readonly urlMs?: number | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Where URLs lead, on the gateway. */
export const transferPath = '/transfers/';

/** Who holds the URL has been judged when it was made; opening a connection asks for no scope of ours. */
const noScopes: ReadonlySet<string> = new Set();

export function createTransfers(options: TransfersOptions): Transfers {
  const { records, keyRing, now = Date.now, urlMs = 600_000 } = options;
  return {
    async begin({ caller, connection = null, action, input, name = null }) {
      const { tenant, subject = null } = caller;
      const token = randomBytes(32).toString('base64url');
      const id = transferIdOf(token);
      const method = action.definition.readOnly === true ? 'GET' : 'PUT';
      const connector = action.connector.name;
      const value = { tenant, subject, connector, connection, action: action.name, method, name } as const;
      const expiresAt = now() + urlMs;
      const sealed = { ...value, input: sealInput(id, value, input, keyRing) };
      await records.create(transferKind, id, sealed, { expiresAt });
      return { url: new URL(transferPath + token, options.baseUrl()).href, method, expiresAt: new Date(expiresAt) };
    },
    async find(token) {
      const id = transferIdOf(token);
      const record = await records.get(transferKind, id);
      return record && foundTransfer(id, record.value as TransferValue, options);
    },
  };
}

function foundTransfer(
  id: string,
  { tenant, subject, method }: TransferValue,
  options: TransfersOptions,
): FoundTransfer {
  return {
    method,
    tenant,
    isOf: (caller) => caller.tenant === tenant && (caller.subject === undefined || caller.subject === subject),
    async fetch(signal) {
      const { name, action, run, input } = await take(id, signal, options);
      const content = await readContent(action, run, input);
      return content.name === undefined && name !== null ? content.named(name) : content;
    },
    async send(content, signal) {
      const { action, run, input } = await take(id, signal, options);
      await writeContent(action, run, input, content);
    },
  };
}

/** It is gone from then on, whatever comes of it: a URL that is used twice was seen by somebody else. */
async function take(id: string, signal: AbortSignal, options: TransfersOptions) {
  const { records, keyRing, connectors, runOptions, openRun } = options;
  const record = await records.take(transferKind, id);
  const value = record?.value as TransferValue | undefined;
  const connector = value && connectors.get(value.connector);
  if (!value || !connector?.actions || !Object.hasOwn(connector.actions, value.action)) throw unknownTransfer();
  const { tenant, subject, connection, name } = value;
  const input = openInput(id, value, keyRing);
  const action = prepareAction(connector, value.action, runOptions);
  const open = openRun({ tenant, subject: subject ?? undefined, scopes: noScopes }, signal);
  const run = await open(connector, connection, action.definition.scopes);
  return { name, action, run, input };
}

/** The same for a URL that was used, that has expired, and that never was. */
export function unknownTransfer(): InputError {
  const message =
    'There is nothing to send or fetch at this URL: it was used, it has expired, or it never was. Ask for a new one.';
  return new InputError('TRANSFER_UNKNOWN', message);
}
