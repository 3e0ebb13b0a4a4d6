/** What happens when the choices of a dynamic pick list are asked for. */
import type { GraphQLFieldResolver } from 'graphql';
import { describe } from '../connector/check-keys.ts';
import { runPickList, type RunOptions } from '../connector/run-action.ts';
import { ProviderError } from '../errors.ts';
import type { PickListBinding } from '../graph/binding.ts';
import type { OperationState } from './operation-state.ts';

/** A resolver that opens the caller's connection and asks the connector for the choices. */
export function createPickListResolver(
  binding: PickListBinding,
  options: RunOptions,
): GraphQLFieldResolver<unknown, OperationState> {
  const { connector, name, parameters } = binding;
  return async (_root, args: Readonly<Record<string, unknown>>, state, info) => {
    const opened = await state.open(connector, args.connection as string | null | undefined);
    state.useConnection(info, opened);
    const given = [...parameters].flatMap(([argument, parameter]) =>
      args[argument] === undefined ? [] : [[parameter, args[argument]]],
    );
    const choices = await runPickList(connector, name, opened.run, Object.fromEntries(given), options);
    if (Array.isArray(choices) && choices.every((choice) => Array.isArray(choice) && choice.length >= 2))
      return choices;
    const message = `${connector.name}.pickLists.${name}: expected a list of [label, value]; it gave ${describe(choices)}.`;
    throw new ProviderError('PROVIDER_ANSWER_INVALID', message, { connector: connector.name });
  };
}
