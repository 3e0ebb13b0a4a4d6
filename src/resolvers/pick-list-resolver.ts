/** What happens when the choices of a dynamic pick list are asked for. */
import type { GraphQLFieldResolver } from 'graphql';
import { describeKind } from '../connector/check-keys.ts';
import { addPlace } from '../connector/name-error.ts';
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
    try {
      return checkChoices(choices, `${connector.name}.pickLists.${name}`);
    } catch (error) {
      throw addPlace(error, { connector, connection: opened.run.id, raisedIn: `pickLists.${name}` });
    }
  };
}

function checkChoices(choices: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(choices)) {
    const message = `${path}: expected a list of [label, value]; it gave ${describeKind(choices)}.`;
    throw new ProviderError('PROVIDER_ANSWER_INVALID', message);
  }
  const wrong = choices.findIndex((choice) => !Array.isArray(choice) || choice.length < 2);
  if (wrong < 0) return choices;
  const message = `${path}[${wrong}]: expected [label, value]; it gave ${describeKind(choices[wrong])}.`;
  throw new ProviderError('PROVIDER_ANSWER_INVALID', message);
}
