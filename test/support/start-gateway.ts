/** Starts a whole gateway on a free port of 127.0.0.1, over small connectors, and keeps its log. */
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import type { Configuration } from '../../src/configuration.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { storePlace } from './test-store.ts';

export interface RunningGateway {
  readonly gateway: Gateway;
  readonly url: string;
  /** Asks one operation over HTTP; the answer as it was parsed. */
  readonly ask: (
    query: string,
    variables?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<GatewayAnswer>;
  /** Lines of the log so far. */
  readonly log: readonly string[];
  readonly close: () => Promise<void>;
}

export interface GatewayAnswer {
  readonly data?: any;
  readonly errors?: readonly { readonly message: string; readonly path?: unknown[]; readonly extensions: any }[];
  /** The answer as text, for what must not be in it. */
  readonly text: string;
}

export interface GatewayUnderTest {
  readonly connectors: readonly Connector[];
  /** Origins on loopback that its connectors may ask. */
  readonly origins?: readonly string[];
  readonly configuration?: Configuration;
  /** Serves this subgraph alone. */
  readonly onlySubgraph?: string;
  /** Tries of one read. Default 1, so that a test waits for nothing. */
  readonly maxTries?: number;
}

/** Close it after the test. */
export async function startGateway({
  connectors,
  origins = [],
  configuration = {},
  maxTries = 1,
  onlySubgraph,
}: GatewayUnderTest): Promise<RunningGateway> {
  const log: string[] = [];
  const logDestination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log.push(...chunk.toString().trimEnd().split('\n'));
      done();
    },
  });
  const gateway = await createGateway({
    connectors,
    ...(onlySubgraph !== undefined && { onlySubgraph }),
    environment: {},
    logDestination,
    sender: { retries: { maxTries, totalMs: 10_000, baseDelayMs: 1, maxDelayMs: 2, maxRetryAfterMs: 5_000 } },
    configuration: {
      port: 0,
      logLevel: 'trace',
      insecureDev: true,
      finishInBrowser: true,
      explorer: false,
      ...storeOf(configuration),
      ...configuration,
      http: { allowedPrivateOrigins: origins, ...configuration.http },
    },
  });
  const { url } = await gateway.listen();
  return {
    gateway,
    url,
    log,
    async ask(query, variables, headers = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      return { ...(JSON.parse(text) as object), text };
    },
    close: gateway.close,
  };
}

/** In memory, as `insecureDev` has it, unless the tests run on PostgreSQL. */
function storeOf({ insecureDev = true }: Configuration): Configuration {
  const store = storePlace();
  return insecureDev && store !== ':memory:' ? { store, key: randomBytes(32).toString('base64') } : {};
}
