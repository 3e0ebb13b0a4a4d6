/** Since when a trigger is asked: the input field that its `startField` names. */
import { coerceOptions, notationOf } from '../connector/prepare-input.ts';
import type { Connector, Trigger } from '../connector/definition.ts';
import type { RunnableTrigger } from '../connector/run-trigger.ts';
import { compileInput } from '../notation/coerce.ts';
import type { TickContext } from './tick-context.ts';

/** Whether the input says since when: then everything since is delivered, not only what comes. */
export function hasStart({ definition }: RunnableTrigger, input: Readonly<Record<string, unknown>>): boolean {
  const { startField } = definition;
  return startField !== undefined && input[startField] !== undefined && input[startField] !== null;
}

/** Whether the trigger can be asked for what happened since a time. */
export function canReplay({ poll, type, startField, sortBy }: Trigger): boolean {
  if (!poll) return false;
  return type === 'paging_desc' ? sortBy !== undefined : startField !== undefined;
}

/** The coerced input with another start, which is coerced as the notation of its field says. */
export async function inputSince(
  { trigger: { connector, definition }, input }: Pick<TickContext, 'trigger' | 'input'>,
  from: number,
): Promise<Readonly<Record<string, unknown>>> {
  const { startField } = definition;
  if (startField === undefined) return input;
  return { ...input, [startField]: coerceStart(connector, definition, startField, new Date(from)) };
}

function coerceStart(connector: Connector, { input }: Trigger, startField: string, from: Date): unknown {
  // A notation that depends on the configuration is not known here; a time is what `startField` is for.
  if (typeof input === 'function') return from;
  const field = notationOf(input).find(({ name }) => name === startField);
  if (!field) return from;
  const value = field.type === 'date' ? from.toISOString().slice(0, 10) : from.toISOString();
  return compileInput([field], { ...coerceOptions(connector), keys: 'notation' })({ [startField]: value })[startField];
}
