/** Tries credentials before they are kept: the connector's `test`, and the name of the account. */
import type { Credentials } from '../connector/authorize.ts';
import type { Connector } from '../connector/definition.ts';
import { callWithConnection, type ActionRun } from '../connector/run-action.ts';
import { authorizationOf } from '../connector/authorize.ts';
import { GatewayError } from '../errors.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { resolveRequests } from '../http/resolve-requests.ts';
import type { Sender } from '../http/send.ts';

/** How a trial ended. */
export type Trial =
  | { readonly works: true; readonly identity: string | null; readonly acquired: Readonly<Record<string, unknown>> }
  /** Why not, in words that the subject may read. */
  | { readonly works: false; readonly problem: string };

/** A trial may take as long as an operation. */
const trialTimeMs = 30_000;

/**
 * Runs `test`, then `identity`. A connector without `test` works as far as anybody knows; an identity that cannot be had
 * is none.
 */
export async function tryConnection(
  connector: Connector,
  credentials: Credentials,
  run: { readonly sender: Sender; readonly baseUri?: string | undefined; readonly id?: string | undefined },
): Promise<Trial> {
  const acquired: Record<string, unknown> = {};
  let fields = credentials.fields();
  const trial: Credentials = {
    ...credentials,
    fields: () => fields,
    merge: async (extra) => {
      Object.assign(acquired, extra);
      fields = hideFields({ ...fields, ...extra });
    },
  };
  const action: ActionRun = {
    id: run.id,
    credentials: trial,
    baseUri: run.baseUri,
    signal: AbortSignal.timeout(trialTimeMs),
  };
  const options = { sender: run.sender };
  try {
    const { test } = connector;
    if (test) {
      await callWithConnection(connector, 'test', action, options, async (open) => resolveRequests(await test(open)));
    }
  } catch (error) {
    return { works: false, problem: problemOf(error, connector) };
  }
  return { works: true, identity: await identify(connector, action, options), acquired };
}

async function identify(
  connector: Connector,
  action: ActionRun,
  options: { readonly sender: Sender },
): Promise<string | null> {
  try {
    const { identity } = authorizationOf(connector, action.credentials.fields());
    if (!identity) return null;
    const name = await callWithConnection(connector, 'identity', action, options, async (open) =>
      resolveRequests(await identity(open)),
    );
    return typeof name === 'string' || typeof name === 'number' ? String(name).slice(0, 200) : null;
  } catch {
    return null;
  }
}

/** What went wrong, in the words of our own errors; what nobody wrote for people to read is not shown. */
export function problemOf(error: unknown, connector: Connector): string {
  if (error instanceof GatewayError) return error.message;
  return `${connector.title ?? connector.name} could not be tried. Try again later.`;
}
