/** An action as the capability that it implements: takes the input of the capability, and gives its rows. */
import { describeKind, isPlainObject } from '../connector/check-keys.ts';
import type { CapabilityMapping, Connector } from '../connector/definition.ts';
import type { ReadPage } from '../connector/read-page.ts';
import {
  callWithConnection,
  prepareAction,
  type ActionRun,
  type RunnableAction,
  type RunOptions,
} from '../connector/run-action.ts';
import { AuthorizationError, GatewayError, InputError, ProviderError } from '../errors.ts';
import type { Capability } from '../connector/capability.ts';
import type { Implementation, Implementations } from '../graph/implementations.ts';
import { resolveRequests } from '../http/resolve-requests.ts';
import { compileInput } from '../notation/coerce.ts';
import { readPath } from '../connector/read-page.ts';
import type { Notation } from '../notation/field.ts';
import { fieldName } from '../notation/field-name.ts';
import { compileRow, type RowOrigin } from './capability-row.ts';

/** The capability as one connector does it; `undefined` where it does not. */
export type FindCapability = (connector: Connector, capability: Capability) => RunnableAction | undefined;

/** Finds and prepares implementations, each once. */
export function createFindCapability(implementations: Implementations, options: RunOptions): FindCapability {
  const prepared = new Map<Implementation, RunnableAction>();
  return (connector, capability) => {
    const implementation = implementations.get(connector.name)?.get(capability.name);
    if (!implementation) return undefined;
    const known = prepared.get(implementation) ?? prepareCapability(capability, implementation, options);
    prepared.set(implementation, known);
    return known;
  };
}

type Values = Readonly<Record<string, unknown>>;

/** What `coerceInput` gives: the request as the capability says it, and the input of the own action. */
interface MappedInput {
  readonly request: Values;
  readonly own: Record<string, unknown>;
}

/**
 * Prepares the implementation of a capability. Its `coerceInput` takes the input of the capability by the names of the graph,
 * and beside it whatever else the own action takes; its rows are `CapabilityRow`s.
 */
export function prepareCapability(
  capability: Capability,
  implementation: Implementation,
  options: RunOptions,
): RunnableAction {
  if (implementation.kind === 'test') return testAction(implementation.connector, capability, options);
  const { connector, action, mapping } = implementation;
  const own = prepareAction(connector, action.name, options);
  const { output } = own.definition;
  const fields = typeof output === 'function' ? undefined : output && ('fields' in output ? output.fields : output);
  const toMapped = (value: Values) => value as unknown as MappedInput;
  const toRow = compileRow(connector, capability.output, mapping.output, fields, options.timeZone);
  // A content passes later, when it comes: what is kept until then is the input of the own action alone.
  if (capability.shape === 'transfer') {
    const map = mapInput(capability, mapping, own, options);
    return { ...own, coerceInput: async (run, args) => toMapped(await map(run, args)).own };
  }
  const originOf = (run: ActionRun, { request }: MappedInput): RowOrigin => {
    return { connector, connection: run.id, raisedIn: `actions.${own.name}`, request };
  };
  return {
    connector,
    name: own.name,
    definition: { ...own.definition, paginate: own.definition.paginate ?? wholeList },
    coerceInput: mapInput(capability, mapping, own, options),
    async run(run, input) {
      const mapped = toMapped(input);
      const answer = await own.run(run, mapped.own);
      return isPlainObject(answer) ? toRow(answer, originOf(run, mapped)) : answer;
    },
    async readPage(run, input, token, size) {
      const mapped = toMapped(input);
      const page = own.definition.paginate
        ? await own.readPage(run, mapped.own, token, size)
        : wholePage(await own.run(run, mapped.own), own);
      return { ...page, rows: page.rows.map((row) => toRow(row, originOf(run, mapped))) };
    },
  };
}

/** A plain list is one page, from which as many rows are taken as are asked for. */
const wholeList = { strategy: 'cursor' } as const;

function wholePage(rows: unknown, { connector, name }: RunnableAction): ReadPage {
  if (Array.isArray(rows)) return { rows, next: null, totalCount: rows.length };
  if (rows === null || rows === undefined) return { rows: [], next: null, totalCount: 0 };
  const message = `${connector.name}.${name}: expected a list of rows; the provider gave ${describeKind(rows)}.`;
  throw new ProviderError('PROVIDER_ANSWER_INVALID', message, { connector: connector.name });
}

function mapInput(
  capability: Capability,
  { input: sources = {} }: CapabilityMapping,
  own: RunnableAction,
  { timeZone }: RunOptions,
): RunnableAction['coerceInput'] {
  const path = capability.argumentStyle === 'input' ? 'input' : '';
  const read = compileInput(capability.input, { timeZone, path });
  const { input } = own.definition;
  const fields: Notation | undefined =
    typeof input === 'function' ? undefined : input === undefined ? [] : 'fields' in input ? input.fields : input;
  const takesAll = fields === undefined || Object.values(sources).some((source) => typeof source === 'function');
  const refuse = refuseUnused(capability, sources, fields ?? [], own);
  return async (run, args) => {
    const request = read(args);
    if (!takesAll) refuse(request);
    // A notation that the configuration gives takes the request as it is.
    if (!fields) return { request, own: await own.coerceInput(run, { input: request }) };
    const given: Record<string, unknown> = {};
    for (const field of fields) {
      const source = Object.hasOwn(sources, field.name) ? sources[field.name] : undefined;
      const key = fieldName(field);
      const value =
        typeof source === 'function'
          ? source(request)
          : source !== undefined
            ? readPath(request, source)
            : Object.hasOwn(request, key)
              ? request[key]
              : args[key];
      if (value !== undefined) given[key] = value;
    }
    return { request, own: await own.coerceInput(run, given) };
  };
}

/** What a connector cannot take is refused rather than passed over: the answer would be that of another question. */
function refuseUnused(
  capability: Capability,
  sources: NonNullable<CapabilityMapping['input']>,
  fields: Notation,
  { connector }: RunnableAction,
): (request: Values) => void {
  const used = new Set(
    fields.map((field) => {
      const source = Object.hasOwn(sources, field.name) ? sources[field.name] : undefined;
      return typeof source === 'string' ? source.split('.')[0] : fieldName(field);
    }),
  );
  const unused = capability.input.filter(({ name, default: fallback }) => !used.has(name) && fallback === undefined);
  return (request) => {
    for (const { name } of unused) {
      const value = request[name];
      if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) continue;
      const message = `${name}: ${connector.title ?? connector.name} takes no such thing for "${capability.name}". Leave it out.`;
      throw new InputError('INPUT_INVALID', message, { connector: connector.name });
    }
  };
}

/** Whether the provider accepts the credentials, by the `test` of the connector. */
function testAction(connector: Connector, { output }: Capability, options: RunOptions): RunnableAction {
  const toRow = compileRow(connector, output, undefined, undefined, options.timeZone);
  const test = connector.test ?? (() => null);
  return {
    connector,
    name: 'test',
    definition: { readOnly: true, execute: test },
    coerceInput: async () => ({}),
    async run(run) {
      const origin = { connector, connection: run.id, raisedIn: 'test', request: {} };
      try {
        await callWithConnection(connector, 'test', run, options, async (open) => resolveRequests(await test(open)));
        return toRow({ valid: true }, origin);
      } catch (error) {
        if (isRefused(error)) return toRow({ valid: false }, origin);
        throw error;
      }
    },
    readPage() {
      throw new TypeError(`${connector.name}: a test does not page.`);
    },
  };
}

/** The provider has judged the credentials; any other failure says nothing of them. */
function isRefused(error: unknown): boolean {
  if (error instanceof AuthorizationError) return error.code === 'REAUTH_REQUIRED';
  return error instanceof GatewayError && error.code === 'PROVIDER_UNAUTHORIZED';
}
