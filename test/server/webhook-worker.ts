/** One of several gateways on one store: takes webhooks until it is killed. */
import { pino } from 'pino';
import { createPollSignals } from '../../src/feed/poll-signal.ts';
import { createWebhookIntake } from '../../src/feed/webhook-intake.ts';
import { fixedGraph } from '../../src/server/graph-source.ts';
import { createHttpServer } from '../../src/server/http-server.ts';
import { smallGraph } from '../support/small-graph.ts';
import { openWebhookDesk } from '../support/webhook-shop.ts';

const calls: Record<string, (...given: never[]) => Promise<unknown>> = {
  /** Gives the port that it listens on. */
  async open(file: string, port: number) {
    const desk = await openWebhookDesk({ file });
    const signals = createPollSignals({ records: desk.records, pollSoon: () => {} });
    const webhooks = createWebhookIntake({ ...desk, log: desk.store.feedLog, signals });
    const graphs = fixedGraph(smallGraph());
    const logger = pino({ level: 'silent' });
    const server = await createHttpServer({ graphs, logger, port, explorer: false, webhooks });
    const { url } = await server.listen();
    return Number(new URL(url).port);
  },
};

process.on('message', (message: { call: number; name: string; given: never[] }) => {
  const { call, name, given } = message;
  calls[name]!(...given).then(
    (result) => process.send!({ call, result }),
    (error: unknown) => process.send!({ call, error: String(error) }),
  );
});
