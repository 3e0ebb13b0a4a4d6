/** Which connector implements which capability by which action, and whether the action fits it. */
import { mappingOf } from '../connector/check-capability.ts';
import type { Action, CapabilityMapping, Connector } from '../connector/definition.ts';
import { didYouMean } from '../notation/nearest.ts';
import type { Capability } from '../connector/capability.ts';
import { checkFit } from './check-capability-fit.ts';
import type { NameRegister } from './name-register.ts';

/** How one connector does what a capability says: by an action, or, for `validateCredentials` alone, by its `test`. */
export type Implementation =
  | {
      readonly kind: 'action';
      readonly connector: Connector;
      readonly action: { readonly name: string; readonly definition: Action };
      readonly mapping: CapabilityMapping;
    }
  | { readonly kind: 'test'; readonly connector: Connector };

/** By connector, then by capability. */
export type Implementations = ReadonlyMap<string, ReadonlyMap<string, Implementation>>;

/** The capability that a connector has as soon as it has a `test`. */
export const testedCapability = 'validateCredentials';

/** Finds the implementations of all connectors; what does not fit is reported, all of it. */
export function findImplementations(
  connectors: readonly Connector[],
  capabilities: readonly Capability[],
  register: NameRegister,
): Implementations {
  const byName = new Map(capabilities.map((capability) => [capability.name, capability]));
  return new Map(connectors.map((connector) => [connector.name, implementationsOf(connector, byName, register)]));
}

/** Names of the capabilities that a connector has, in the order of the alphabet; also before the graph is built. */
export function capabilityNames(connector: Connector): string[] {
  const named = Object.values(connector.actions ?? {}).map(({ capability }) => mappingOf(capability)?.name);
  const all = new Set([...named, connector.test && testedCapability].filter((name) => name !== undefined));
  return [...all].sort();
}

function implementationsOf(
  connector: Connector,
  capabilities: ReadonlyMap<string, Capability>,
  register: NameRegister,
): ReadonlyMap<string, Implementation> {
  const found = new Map<string, Implementation>();
  for (const [name, definition] of Object.entries(connector.actions ?? {})) {
    const mapping = mappingOf(definition.capability);
    if (!mapping) continue;
    const path = `${connector.name}.actions.${name}`;
    const capability = capabilities.get(mapping.name);
    const other = found.get(mapping.name);
    if (!capability) {
      const message = `expected the name of a capability of schema/capabilities.graphql${didYouMean(mapping.name, capabilities.keys())}; got ${JSON.stringify(mapping.name)}.`;
      register.fault('CAPABILITY_UNKNOWN', `${path}.capability`, message);
    } else if (other?.kind === 'action') {
      const message = `"${mapping.name}" is already implemented by ${connector.name}.actions.${other.action.name}.`;
      register.fault('CAPABILITY_DUPLICATE', `${path}.capability`, message);
    } else {
      const fault = (at: string, message: string) => register.fault('CAPABILITY_MISMATCH', `${path}.${at}`, message);
      checkFit(capability, definition, mapping, fault);
      found.set(capability.name, { kind: 'action', connector, action: { name, definition }, mapping });
    }
  }
  if (connector.test && capabilities.has(testedCapability) && !found.has(testedCapability)) {
    found.set(testedCapability, { kind: 'test', connector });
  }
  return found;
}
