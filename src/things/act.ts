/** What a thing is asked to do: judged by its description, then run at the provider or told to the application. */
import { randomUUID } from 'node:crypto';
import { InputError } from '../errors.ts';
import { valueAt } from './described-thing.ts';
import type { ReadRows } from './read-rows.ts';
import { checkValue, type Thing, type ThingAction, type ThingComponent } from './thing.ts';
import type { ThingRows } from './thing-rows.ts';
import type { ActionRequest, KeptThing, OpenRun, ThingChange } from './things.ts';

export interface Acting {
  readonly rows: ThingRows;
  readonly read: ReadRows;
  readonly open: OpenRun;
  readonly tell: (change: ThingChange) => Promise<void>;
  readonly now: () => number;
}

export interface AskedAction {
  readonly component: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** So long an application has to do what one of its things was asked for. */
const actionTimeMs = 60_000;

/** @throws InputError THING_NOT_FOUND, INPUT_INVALID; what the action of the connector throws. */
export async function actOn(
  thing: KeptThing,
  described: Thing,
  asked: AskedAction,
  { rows, read, open, tell, now }: Acting,
): Promise<ActionRequest> {
  const at = now();
  const request = { id: randomUUID(), deadline: at + actionTimeMs };
  const action = actionOf(described, asked);
  if (thing.kind) {
    await runAction(thing, asked, { rows, read, open });
    return { ...request, status: 'COMPLETED' };
  }
  const parameters = Object.fromEntries(
    action.parameters.flatMap(({ name, type, isRequired }) => {
      const given = asked.parameters[name];
      return given === undefined && !isRequired ? [] : [[name, checkValue(given, type, `parameters.${name}`)]];
    }),
  );
  const pending: ActionRequest = { ...request, status: 'PENDING' };
  const { tenant, subject } = thing.record.value;
  const told = { ...pending, name: asked.action, parameters };
  await tell({ tenant, subject, thing: thing.record.id, component: asked.component, action: told, at });
  return pending;
}

async function runAction(
  { record, kind }: KeptThing,
  { component, action: id, parameters }: AskedAction,
  { rows, read, open }: Pick<Acting, 'rows' | 'read' | 'open'>,
): Promise<void> {
  const { connector, thing } = kind!;
  // It is described, so it is there.
  const { action: name, input } = thing.components[component]!.actions![id]!;
  const action = rows.action(connector, name);
  const run = await open(connector, record.value.connection!, action.definition.scopes);
  const row = await read.of({ record, kind });
  if (!row) throw partNotFound('thing', record.id);
  const which = Object.fromEntries(Object.entries(input).map(([field, path]) => [field, valueAt(row, path)]));
  await action.run(run, rows.inputOf(action, { ...parameters, ...which }, 'parameters'));
  read.forget();
}

function actionOf(described: Thing, asked: AskedAction): ThingAction {
  const action = componentOf(described, asked.component).actions.find(({ id }) => id === asked.action);
  if (!action) throw partNotFound('action', asked.action);
  const known = action.parameters.map(({ name }) => name);
  const unknown = Object.keys(asked.parameters).filter((name) => !known.includes(name));
  if (unknown.length === 0) return action;
  const got = unknown.map((name) => JSON.stringify(name)).join(', ');
  const message = `parameters: expected those of ${asked.action}: ${known.join(', ') || 'none'}; got ${got}.`;
  throw new InputError('INPUT_INVALID', message);
}

/** @throws InputError THING_NOT_FOUND */
export function componentOf(thing: Thing, id: string): ThingComponent {
  const component = thing.components.find((each) => each.id === id);
  if (component) return component;
  throw partNotFound('component', id);
}

export function partNotFound(what: 'thing' | 'component' | 'property' | 'action', id: string): InputError {
  const message = `There is no ${what} ${JSON.stringify(id.slice(0, 200))} of yours.`;
  return new InputError('THING_NOT_FOUND', message);
}
