/** Calls the actions and triggers of a connector against a provider on loopback, without a graph. */
import type { Connector, NotationSource } from '../../src/connector/definition.ts';
import { createOpenConnection, type OpenConnection } from '../../src/connector/open-connection.ts';
import { pageSize } from '../../src/connector/read-page.ts';
import { prepareAction, type ActionRun } from '../../src/connector/run-action.ts';
import { readContent, writeContent } from '../../src/connector/run-content.ts';
import { prepareTrigger, type RunnableTrigger } from '../../src/connector/run-trigger.ts';
import { Content } from '../../src/content.ts';
import { createCallBudget } from '../../src/http/budget.ts';
import { secretOf } from '../../src/http/secret.ts';
import { streamFieldOf } from '../../src/notation/field.ts';
import { createSender, type Sender, type SenderOptions } from '../../src/http/send.ts';

export interface ConnectorCaller {
  /**
   * Rows that the action gives, of its first page where it pages. Arguments are named as in the graph; a content that it
   * takes is a short text, and one that it gives is the text in a row's `content`.
   */
  readonly rows: (action: string, args: Readonly<Record<string, unknown>>, first?: number) => Promise<readonly any[]>;
  /** One page of events. The input is named as in the notation. */
  readonly poll: (trigger: string, input: Readonly<Record<string, unknown>>, cursor?: unknown) => Promise<any>;
  /** A trigger as feeds run it, with `run`. */
  readonly trigger: (name: string) => RunnableTrigger;
  readonly run: ActionRun;
  readonly connection: OpenConnection;
  readonly close: () => Promise<void>;
}

/** Connects a connector with these fields. Close it after the test. @param around - e.g. a cassette. */
export function callConnector(
  connector: Connector,
  fields: Readonly<Record<string, unknown>>,
  senderOptions: SenderOptions,
  accessToken?: string,
  around: (sender: Sender) => Sender = (sender) => sender,
): ConnectorCaller {
  const sender = around(createSender({ retries: { maxTries: 1 }, ...senderOptions }));
  const token = accessToken === undefined ? {} : { accessToken: () => secretOf(accessToken) };
  const credentials = { fields: () => fields, merge: () => Promise.resolve(), ...token };
  const { signal } = new AbortController();
  const run: ActionRun = { id: 'test', credentials, signal };
  const connection = createOpenConnection({ connector, credentials, sender, signal, budget: createCallBudget() });
  return {
    connection,
    run,
    trigger: (name) => prepareTrigger(connector, name, { sender }),
    async rows(name, args, first) {
      const action = prepareAction(connector, name, { sender });
      const input = await action.coerceInput(run, args);
      const { paginate } = action.definition;
      if (hasContent(action.definition.output))
        return [{ content: await textOf(await readContent(action, run, input)) }];
      if (hasContent(action.definition.input)) return [await writeContent(action, run, input, Content.of('content'))];
      if (paginate) return (await action.readPage(run, input, null, pageSize(paginate, first))).rows;
      const answer = await action.run(run, input);
      return Array.isArray(answer) ? answer : [answer];
    },
    async poll(name, input, cursor, startedAt = new Date()) {
      const trigger = connector.triggers?.[name];
      if (!trigger?.poll) throw new TypeError(`${connector.name} has no trigger ${name} that polls.`);
      return trigger.poll(connection, input, cursor, { startedAt });
    },
    close: () => sender.close(),
  };
}

function hasContent(source: NotationSource | undefined): boolean {
  if (source === undefined || typeof source === 'function') return false;
  return streamFieldOf('fields' in source ? source.fields : source) !== undefined;
}

async function textOf(content: Content): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
