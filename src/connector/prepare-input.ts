/** Prepares what turns arguments of the graph into the input of an action or trigger. */
import { GatewayError, InputError } from '../errors.ts';
import { compileInput, type CoerceOptions } from '../notation/coerce.ts';
import { checkFields } from '../notation/check-fields.ts';
import type { Notation } from '../notation/field.ts';
import { runConnectorCode, type ActionRun } from './call-connector.ts';
import { describe, isPlainObject } from './check-keys.ts';
import { connectionOfConvertors } from './connection-of-convertors.ts';
import type { Connector, NotationSource } from './definition.ts';

/**
 * Arguments of the graph as the input of a connector's functions.
 *
 * @throws InputError naming the field.
 */
export type CoerceInput = (run: ActionRun, args: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;

/**
 * A notation that is known at start is compiled once; one that depends on the configuration, when it is asked for.
 *
 * @param raisedIn - e.g. `actions.get_issue`, for errors of such a function.
 * @param options.path - the argument that holds the fields; `''` where each is an argument itself.
 */
export function prepareInput(
  connector: Connector,
  raisedIn: string,
  source: NotationSource | undefined,
  { timeZone, path }: { readonly timeZone?: string | undefined; readonly path: string },
): CoerceInput {
  const coerce = coerceOptions(connector, timeZone);
  if (typeof source === 'function') {
    return async (run, args) => {
      const given = args.input ?? {};
      if (!isPlainObject(given)) {
        throw new InputError('INPUT_INVALID', `input: expected an object; got ${describe(given)}.`);
      }
      const place = `${raisedIn}.input`;
      const notation = await runConnectorCode({ connector, raisedIn: place, run }, async () =>
        checkGiven(await source(run.credentials.fields()), connector, place),
      );
      return compileInput(notation, { ...coerce, keys: 'notation' })(given);
    };
  }
  const compiled = compileInput(notationOf(source), { ...coerce, path });
  return async (_run, args) => compiled(args);
}

/** What a connector gives while it runs is checked as what it says at start is. */
function checkGiven(notation: unknown, connector: Connector, raisedIn: string): Notation {
  const path = `${connector.name}.${raisedIn}`;
  const [fault] = checkFields(notation, path, {
    convertors: new Set(Object.keys(connector.methods ?? {})),
    objects: new Map(Object.entries(connector.objects ?? {})),
    pickLists: new Set(Object.keys(connector.pickLists ?? {})),
    warn: () => {},
  });
  if (!fault) return notation as Notation;
  throw new GatewayError('CONNECTOR_ERROR', `${fault.path}: ${fault.message}`);
}

/** What coercion has to know of a connector. */
export function coerceOptions(connector: Connector, timeZone?: string): CoerceOptions {
  return {
    objects: new Map(Object.entries(connector.objects ?? {})),
    methods: (name) => {
      const method = connector.methods?.[name];
      return method && ((value) => method(connectionOfConvertors(connector), value));
    },
    timeZone,
  };
}

/** The fields of a notation that is known at start. */
export function notationOf(source: Exclude<NotationSource, (...args: any[]) => unknown> | undefined): Notation {
  if (source === undefined) return [];
  return 'fields' in source ? source.fields : source;
}
