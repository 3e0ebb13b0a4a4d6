/** Which feed a client means: the trigger's arguments judged, and kept as JSON. */
import type { RunnableTrigger } from '../connector/run-trigger.ts';
import type { FeedKey } from '../feed/feed.ts';
import type { TriggerBinding } from '../graph/binding.ts';
import type { JsonValue } from '../storage/records.ts';
import type { OpenedConnection } from './opened-connection.ts';

/**
 * The key of the feed of a trigger with these arguments on this connection.
 *
 * @param args - of the root field, as graphql-js gives them.
 * @throws AuthorizationError SCOPE_MISSING; InputError naming the argument that the trigger does not take.
 */
export async function feedKeyOf(
  { connector, trigger, argumentStyle }: TriggerBinding,
  runnable: RunnableTrigger,
  opened: OpenedConnection,
  { after: _after, connection: _connection, ...others }: Readonly<Record<string, unknown>>,
  tenant: string,
): Promise<FeedKey> {
  opened.requireGranted(trigger.definition.scopes);
  const input = toJson(argumentStyle === 'json' ? (others.input ?? {}) : others);
  await runnable.coerceInput(opened.run, input);
  const { id: connection } = opened.run;
  return { tenant, connection, subject: opened.subject, connector: connector.name, trigger: trigger.name, input };
}

/** Moments become RFC 3339 in UTC, so that the same moment is the same feed however it was written. */
function toJson(values: unknown): Readonly<Record<string, JsonValue>> {
  const text = JSON.stringify(values, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return JSON.parse(text) as Readonly<Record<string, JsonValue>>;
}
