/** What the fields of capabilities mean: each asks a connector, and those of their lists read a Relay connection. */
import type { Binding, ConnectionPart } from './binding.ts';
import type { Capability } from '../connector/capability.ts';
import type { OwnBindings } from './own-part.ts';

export function capabilityBindings(capabilities: readonly Capability[]): OwnBindings {
  const bindings = new Map<string, Binding>();
  for (const capability of capabilities) {
    bindings.set(`${capability.type}.${capability.field}`, { kind: 'capability', capability });
    if (capability.shape !== 'connection') continue;
    for (const part of connectionParts) {
      bindings.set(`${capability.outputType}Connection.${part}`, { kind: 'connection-part', part });
    }
    for (const part of edgeParts) {
      bindings.set(`${capability.outputType}Edge.${part}`, { kind: 'connection-part', part });
    }
  }
  return (type, field) => bindings.get(`${type}.${field}`);
}

const connectionParts: readonly ConnectionPart[] = ['edges', 'nodes', 'pageInfo', 'totalCount'];
const edgeParts: readonly ConnectionPart[] = ['cursor', 'node'];
