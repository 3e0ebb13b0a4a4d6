/** Runs actions whose input or output is the content of a file. */
import type { ActionRun } from './call-connector.ts';
import { Content } from '../content.ts';
import { ProviderError } from '../errors.ts';
import { streamFieldOf, type Notation } from '../notation/field.ts';
import type { NotationSource } from './definition.ts';
import type { RunnableAction } from './run-action.ts';

type Input = Readonly<Record<string, unknown>>;

/**
 * The content that a reading action gives: read it, or discard it. The signal of the run ends it, also while it passes.
 *
 * @throws ProviderError PROVIDER_ANSWER_INVALID when it gives none; else as `RunnableAction.run`.
 */
export async function readContent(action: RunnableAction, run: ActionRun, input: Input): Promise<Content> {
  const answer = await action.run(run, input);
  const field = contentFieldOf(action.definition.output);
  const content = answer instanceof Content ? answer : (answer as Input | null | undefined)?.[field];
  if (content instanceof Content) return content;
  const { connector, name } = action;
  const message = `${connector.name}.${name}: expected the content of a file; the provider gave none.`;
  throw new ProviderError('PROVIDER_ANSWER_INVALID', message, { connector: connector.name });
}

/** Runs a writing action with a content in its input. @throws as `RunnableAction.run` */
export function writeContent(action: RunnableAction, run: ActionRun, input: Input, content: Content): Promise<unknown> {
  return action.run(run, { ...input, [contentFieldOf(action.definition.input)]: content });
}

/** A notation that is known only when it is asked for has its content under this name. */
const usualName = 'content';

function contentFieldOf(source: NotationSource | undefined): string {
  const fields: Notation | undefined =
    source === undefined || typeof source === 'function' ? undefined : 'fields' in source ? source.fields : source;
  return streamFieldOf(fields)?.name ?? usualName;
}
