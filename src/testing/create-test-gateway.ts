/** A whole gateway for the tests of connectors and applications; published as `plugboard/testing`. */
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Configuration } from '../configuration.ts';
import type { Connector } from '../connector/definition.ts';
import { createGateway } from '../gateway.ts';
import { openCassette } from './cassette.ts';
import { createTestClock, type TestClock } from './test-clock.ts';
import { readResults, type TestAnswer } from './read-results.ts';

export type { TestAnswer } from './read-results.ts';
export { openCassette, type Cassette, type CassetteOptions, type Recorded } from './cassette.ts';

export interface TestGatewayOptions {
  readonly connectors: readonly Connector[];
  /** By connector the fields of its connection; their values are never recorded. */
  readonly connections?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** File of the cassette; absent: the connectors ask whom they ask. */
  readonly cassette?: string | URL;
  /** Records the cassette anew. Default: where the environment says `PLUGBOARD_RECORD=1`. */
  readonly record?: boolean;
  /** For whom is asked. Default `test-subject`. */
  readonly subject?: string;
  /** More, such as `http.allowedPrivateOrigins`. */
  readonly configuration?: Configuration;
}

export interface TestGateway {
  readonly url: string;
  readonly subject: string;
  /** Ids of the connections, by connector. */
  readonly connections: Readonly<Record<string, string>>;
  /** Asks one operation as the subject. */
  readonly ask: (query: string, variables?: object) => Promise<TestAnswer>;
  /** Subscribes as the subject: the results, one by one, until the loop is left. */
  readonly subscribe: (query: string, variables?: object) => AsyncIterableIterator<TestAnswer>;
  /** Of the feeds: polls wait for it. */
  readonly clock: Pick<TestClock, 'advance'>;
  /** What the cassette has and nobody asked for. */
  readonly unused: () => readonly string[];
  /** Stops the gateway, and writes the cassette when it was recorded. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a gateway on a free port of 127.0.0.1 that keeps nothing.
 *
 * @example
 * const gateway = await createTestGateway({ connectors: [github], connections: { github: { token } }, cassette });
 * const { data } = await gateway.ask('{ githubUser(login: "octocat") { name } }');
 */
export async function createTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const { connectors, connections = {}, subject = 'test-subject', configuration = {} } = options;
  const cassette =
    options.cassette === undefined
      ? undefined
      : await openCassette({
          file: options.cassette instanceof URL ? fileURLToPath(options.cassette) : options.cassette,
          secrets: Object.values(connections).flatMap((fields) => Object.values(fields)),
          ...(options.record !== undefined && { record: options.record }),
        });
  const clock = createTestClock();
  const gateway = await createGateway({
    connectors,
    environment: {},
    logDestination: new Writable({ write: (_chunk, _encoding, done) => done() }),
    ...(cassette && { outbound: cassette.around }),
    feedClock: clock.create,
    configuration: {
      port: 0,
      insecureDev: true,
      explorer: false,
      logLevel: 'silent',
      ...configuration,
      connections: [
        ...(configuration.connections ?? []),
        ...Object.entries(connections).map(([connector, fields]) => ({ connector, subject, fields })),
      ],
    },
  });
  const { url } = await gateway.listen();
  const headers = { 'content-type': 'application/json', 'x-external-subject-id': subject };
  return {
    url,
    subject,
    connections: Object.fromEntries(Object.keys(connections).map((name) => [name, `${name}.${subject}`])),
    async ask(query, variables) {
      const body = JSON.stringify({ query, variables });
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
      return (await response.json()) as TestAnswer;
    },
    subscribe: (query, variables) =>
      readResults(`${url}/graphql/stream`, headers, JSON.stringify({ query, variables })),
    clock,
    unused: () => cassette?.unused() ?? [],
    async close() {
      await gateway.close();
      await cassette?.save();
    },
  };
}
