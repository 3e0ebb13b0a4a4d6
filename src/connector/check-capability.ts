/** Checks what an action says of the capability that it implements; whether it fits is judged where the graph is built. */
import { checkKeys, describe, isPlainObject } from './check-keys.ts';
import type { CapabilityMapping } from './definition.ts';
import type { PartCheck } from './part-check.ts';

const mappingKeys = { name: 'string!', input: 'object', output: 'object' } as const;

export function checkCapability(capability: unknown, path: string, check: PartCheck): void {
  if (capability === undefined || (typeof capability === 'string' && capability !== '')) return;
  if (!isPlainObject(capability)) {
    const message = `expected the name of a capability, or { name, input, output }; got ${describe(capability)}.`;
    check.fault('ACTION_INVALID', path, message);
    return;
  }
  checkKeys(capability, mappingKeys, path, 'ACTION_INVALID', check.report, check.warn);
  checkSources(capability.input, `${path}.input`, check, false);
  checkSources(capability.output, `${path}.output`, check, true);
}

/** Names of fields and functions; of an answer also such mappings for the parts of a field. */
function checkSources(sources: unknown, path: string, check: PartCheck, isNested: boolean): void {
  if (!isPlainObject(sources)) return;
  for (const [name, source] of Object.entries(sources)) {
    if (typeof source === 'function' || (typeof source === 'string' && source !== '')) continue;
    if (isNested && isPlainObject(source)) checkSources(source, `${path}.${name}`, check, true);
    else {
      const message = `expected the name of a field or a function${isNested ? ', or these for its own fields' : ''}; got ${describe(source)}.`;
      check.fault('ACTION_INVALID', `${path}.${name}`, message);
    }
  }
}

/** What an action says in either way, as a mapping; `undefined` where it implements no capability. */
export function mappingOf(capability: string | CapabilityMapping | undefined): CapabilityMapping | undefined {
  return typeof capability === 'string' ? { name: capability } : capability;
}
