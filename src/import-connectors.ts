/** Connectors that are made of what other systems say of themselves, as the configuration names them. */
import { buildSchema } from 'graphql';
import type { Configuration } from './configuration.ts';
import type { Connector } from './connector/definition.ts';
import { DefinitionError, type Fault } from './errors.ts';
import { readCapabilities } from './graph/capabilities.ts';
import type { Sender } from './http/send.ts';
import { readLumosServer } from './importers/lumos/read-lumos-server.ts';
import { readOwnSdl } from './own-sdl.ts';

/**
 * Asks each of them once, all together.
 *
 * @throws DefinitionError IMPORT_FAILED, IMPORT_INVALID with the faults of all.
 */
export async function importConnectors(
  { imports: { lumos = [] } = {} }: Configuration,
  sender: Sender,
): Promise<readonly Connector[]> {
  if (lumos.length === 0) return [];
  const capabilities = readCapabilities(buildSchema(await readOwnSdl()));
  const read = await Promise.allSettled(lumos.map((server) => readLumosServer(server, sender, capabilities)));
  const faults: Fault[] = [];
  for (const outcome of read) {
    if (outcome.status === 'fulfilled') continue;
    if (!(outcome.reason instanceof DefinitionError)) throw outcome.reason;
    faults.push(...outcome.reason.faults);
  }
  if (faults.length > 0) throw new DefinitionError(faults);
  return read.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

/** Origins that may lie at addresses that are not public: those of `http`, and of imports that say so of themselves. */
export function privateOrigins({ http, imports: { lumos = [] } = {} }: Configuration): readonly string[] | undefined {
  const imported = lumos.filter((server) => server.allowPrivateAddress).map(({ url }) => new URL(url).origin);
  return imported.length === 0 ? http?.allowedPrivateOrigins : [...(http?.allowedPrivateOrigins ?? []), ...imported];
}
