/** Starts a whole gateway on a free port of 127.0.0.1 and stops it after the test. */
import { afterEach } from '@jest/globals';
import { Writable } from 'node:stream';
import type { Configuration } from '../../src/configuration.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import type { SenderOptions } from '../../src/http/send.ts';

export interface RunningGateway {
  readonly url: string;
  /** Everything that was logged so far, one JSON object a line. */
  readonly log: () => string;
  /** Sends one operation as JSON; gives the answer's JSON. */
  readonly ask: (query: string, variables?: object) => Promise<GraphqlAnswer>;
}

export interface GraphqlAnswer {
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly unknown[];
    readonly extensions: any;
  }[];
}

const running = new Set<Gateway>();
afterEach(async () => {
  await Promise.all([...running].map((gateway) => gateway.close()));
  running.clear();
});

/** Starts a gateway that serves these connectors, with one connection of the tenant for each entry of `fields`. */
export async function runGateway(
  connectors: readonly Connector[],
  fields: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  senderOptions: SenderOptions,
  configuration: Configuration = {},
): Promise<RunningGateway> {
  const lines: string[] = [];
  const logDestination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const connections = Object.entries(fields).map(([connector, values]) => ({ connector, fields: values }));
  const gateway = await createGateway({
    connectors,
    configuration: {
      port: 0,
      explorer: false,
      insecureDev: true,
      finishInBrowser: true,
      connections,
      ...configuration,
    },
    environment: {},
    logDestination,
    sender: { retries: { maxTries: 1 }, ...senderOptions },
  });
  running.add(gateway);
  const { url } = await gateway.listen();
  return {
    url,
    log: () => lines.join(''),
    async ask(query, variables) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as GraphqlAnswer;
    },
  };
}
