/** What happens when a capability is asked for: the connector of the connection does it by its own action, or has it not. */
import type { GraphQLFieldResolver } from 'graphql';
import type { Connector } from '../connector/definition.ts';
import type { RunnableAction } from '../connector/run-action.ts';
import { InputError } from '../errors.ts';
import type { ActionBinding } from '../graph/binding.ts';
import type { Capability } from '../connector/capability.ts';
import { createActionResolver, notServed, type ActionResolverOptions } from './action-resolver.ts';
import type { FindCapability } from './capability-action.ts';
import { CapabilityRow } from './capability-row.ts';
import { requireScope } from './check-scopes.ts';
import type { OperationState } from './operation-state.ts';

export type CapabilityResolverOptions = ActionResolverOptions;

type Resolver = GraphQLFieldResolver<any, OperationState>;

/** A resolver for the field of a capability: the same rules hold for it as for the connector's own field. */
export function createCapabilityResolver(
  capability: Capability,
  find: FindCapability,
  options: CapabilityResolverOptions,
): Resolver {
  const kind = capability.readOnly ? 'read' : 'write';
  const resolverOf = rememberByConnector((connector) => {
    const action = find(connector, capability);
    if (!action) return undefined;
    if (capability.shape === 'transfer') return createTransferResolver(capability, action, options);
    return createActionResolver(bindingFor(capability, action), action, options);
  });
  return async (source, args, state, info) => {
    const connector =
      source instanceof CapabilityRow
        ? CapabilityRow.originOf(source).connector
        : await state.connectorOf(args.connection);
    requireScope(state.caller, kind, connector.name);
    const resolve = resolverOf(connector);
    if (!resolve) throw absent(capability, connector);
    return resolve(source, args, state, info);
  };
}

/** What is said where a connector does not have a capability. */
export function absent({ name }: Capability, connector: Connector): InputError {
  const message = `${connector.title ?? connector.name} does not have the capability "${name}". \`connector(name:) { capabilities }\` lists those it has.`;
  return new InputError('CAPABILITY_ABSENT', message, {
    connector: connector.name,
    errorCode: `${connector.name}.not_implemented`,
  });
}

function bindingFor({ shape, argumentStyle, input, output }: Capability, action: RunnableAction): ActionBinding {
  return {
    kind: 'action',
    connector: action.connector,
    action: { name: action.name, definition: action.definition },
    argumentStyle: argumentStyle === 'input' ? 'input' : 'flat',
    input,
    output: { shape: shape === 'connection' ? 'connection' : 'one', notation: output },
  };
}

function createTransferResolver(
  capability: Capability,
  action: RunnableAction,
  { transfers }: CapabilityResolverOptions,
): Resolver {
  return async (source, args, state) => {
    if (!transfers) throw notServed();
    const isRow = source instanceof CapabilityRow;
    const id: string | undefined = isRow ? CapabilityRow.originOf(source).connection : args.connection;
    const opened = await state.open(action.connector, id, action.definition.scopes);
    opened.requireGranted(action.definition.scopes);
    const given = isRow ? inputOf(source, capability) : args.input;
    const input = await action.coerceInput(opened.run, given);
    const name = isRow ? nameOf(source) : undefined;
    return transfers.begin({ caller: state.caller, connection: opened.run.id, action, input, name });
  };
}

/** What those who fetch it call the file; a name that is none is left out. */
function nameOf(row: CapabilityRow): string | undefined {
  try {
    const { name } = row as unknown as { readonly name?: unknown };
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

function inputOf(row: CapabilityRow, { input }: Capability): Record<string, unknown> {
  return Object.fromEntries(input.map(({ name }) => [name, (row as unknown as Record<string, unknown>)[name]]));
}

function rememberByConnector(make: (connector: Connector) => Resolver | undefined) {
  const known = new Map<Connector, Resolver | undefined>();
  return (connector: Connector): Resolver | undefined => {
    if (!known.has(connector)) known.set(connector, make(connector));
    return known.get(connector);
  };
}
