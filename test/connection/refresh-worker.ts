/** One of several gateways on one store: opens a stored connection and asks the provider with it. */
import type { ConnectionCredentials } from '../../src/connection/access-token.ts';
import type { RefreshLimits } from '../../src/connection/refresh-desk.ts';
import { createOpenConnection } from '../../src/connector/open-connection.ts';
import { GatewayError } from '../../src/errors.ts';
import { createCallBudget } from '../../src/http/budget.ts';
import { openOAuthDesk, type OAuthDesk } from '../support/oauth-connection.ts';

export interface CallersResult {
  /** Codes of the calls that failed. */
  readonly failed: readonly string[];
  /** Milliseconds of each call. */
  readonly durations: readonly number[];
}

let desk: OAuthDesk;
let credentials: ConnectionCredentials;
const changes: string[] = [];

const calls: Record<string, (...given: never[]) => Promise<unknown>> = {
  async open(file: string, issuer: string, limits: Partial<RefreshLimits>) {
    const nobody = () => Promise.reject(new Error('Nobody signs in here.'));
    desk = await openOAuthDesk({ issuer, authorize: nobody }, { file, limits });
    credentials = desk.credentials({ onConnectionChange: ({ from, to }) => void changes.push(`${from} → ${to}`) });
  },
  /** So many callers ask at once, each as one operation of its own. */
  async callers(connectionId: string, count: number): Promise<CallersResult> {
    const failed: string[] = [];
    const durations: number[] = [];
    const one = async () => {
      const begin = performance.now();
      try {
        const record = await desk.read(connectionId);
        const { connector, registration, sender } = desk;
        const connection = createOpenConnection({
          connector,
          connectionId,
          credentials: credentials.of({ record, connector, registration }),
          sender,
          budget: createCallBudget(),
          signal: AbortSignal.timeout(60_000),
        });
        const me = (await connection.get('me')) as { sub: string };
        if (me.sub !== 'alice') failed.push(`answered for ${me.sub}`);
      } catch (error) {
        failed.push(error instanceof GatewayError ? error.code : String(error));
      }
      durations.push(performance.now() - begin);
    };
    await Promise.all(Array.from({ length: count }, one));
    return { failed, durations };
  },
  changes: async () => changes,
  async close() {
    await credentials.close();
    await desk.close();
  },
};

process.on('message', (message: { call: number; name: string; given: never[] }) => {
  const { call, name, given } = message;
  calls[name]!(...given).then(
    (result) => process.send!({ call, result }),
    (error: unknown) => process.send!({ call, error: String(error) }),
  );
});
