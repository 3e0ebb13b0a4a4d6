/** What somebody does about a feed that missed something: parked events are tried again, and the provider is asked again. */
import { randomUUID } from 'node:crypto';
import type { RunnableTrigger } from '../connector/run-trigger.ts';
import { GatewayError, InputError } from '../errors.ts';
import type { FeedDesk } from './feed-desk.ts';
import type { FeedStatus } from './feed.ts';
import { isRunning, type FeedRecord } from './feed-record.ts';
import type { Feeds } from './feeds.ts';
import { readProgress } from './progress.ts';
import { replayParkedEvents } from './replay-parked.ts';
import { timeOf } from './sort-order.ts';
import { canReplay } from './start-input.ts';

export interface RepairOptions {
  readonly desk: FeedDesk;
  readonly statusOf: (record: FeedRecord) => Promise<FeedStatus>;
  /** Lets the feed be polled, in whichever process. @throws GatewayError of the store */
  readonly pollAnywhere: (id: string) => Promise<void>;
}

export function createRepair({
  desk,
  statusOf,
  pollAnywhere,
}: RepairOptions): Pick<Feeds, 'parked' | 'replayParked' | 'replay'> {
  const { records, log } = desk;
  return {
    async parked(caller, id, page) {
      return (await records.find(caller, id)) ? log.parked(id, page) : [];
    },
    async replayParked(caller, id, parked) {
      const record = await records.find(caller, id);
      return record && replayParkedEvents(log, id, triggerOf(desk, record), parked);
    },
    async replay(caller, id, from) {
      const found = await records.find(caller, id);
      if (!found) return undefined;
      await checkReplay(desk, found);
      const replay = { id: randomUUID(), from: from.getTime() };
      const record = await records.change(id, () => ({ replay }));
      if (record && isRunning(record)) await pollAnywhere(id);
      return record && statusOf(record);
    },
  };
}

function triggerOf({ triggers }: FeedDesk, { value: { connector, trigger } }: FeedRecord): RunnableTrigger {
  const found = triggers(connector, trigger);
  if (found) return found;
  const message = `The connector ${connector} with its trigger ${trigger} is not served now.`;
  throw new GatewayError('CONNECTOR_UNKNOWN', message, { connector });
}

/** @throws InputError REPLAY_UNSUPPORTED */
async function checkReplay(desk: FeedDesk, record: FeedRecord): Promise<void> {
  const { connector, name, definition } = triggerOf(desk, record);
  const { highest } = readProgress(record.id, (await desk.log.state(record.id)).progress);
  const isTimed = definition.type !== 'paging_desc' || highest === undefined || timeOf(highest) !== undefined;
  if (canReplay(definition) && isTimed) return;
  const needed = definition.type === 'paging_desc' ? '`sortBy` that gives a time' : '`startField`';
  const message = `${connector.title ?? connector.name}: ${name} cannot be asked for what happened since a time: it has no ${needed}.`;
  throw new InputError('REPLAY_UNSUPPORTED', message, { connector: connector.name });
}
