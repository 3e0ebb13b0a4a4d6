/** Connectors that are made of what other systems say of themselves, as the configuration names them. */
import { buildSchema } from 'graphql';
import type { Configuration } from './configuration.ts';
import type { Connector } from './connector/definition.ts';
import { DefinitionError, type Fault } from './errors.ts';
import { readCapabilities } from './graph/capabilities.ts';
import { redirectUriOf } from './facades/rds/rds.ts';
import type { Sender } from './http/send.ts';
import { readLumosServer } from './importers/lumos/read-lumos-server.ts';
import { rdsConnector } from './importers/rds/rds-connector.ts';
import { readOwnSdl } from './own-sdl.ts';

/**
 * Servers of Lumos are asked once, all together; ports of RDS are what their interface says.
 *
 * @param baseUrl - of the gateway, read when it is needed.
 * @throws DefinitionError IMPORT_FAILED, IMPORT_INVALID with the faults of all.
 */
export async function importConnectors(
  configuration: Configuration,
  sender: Sender,
  baseUrl: () => string,
): Promise<readonly Connector[]> {
  return [...portsOf(configuration, baseUrl), ...(await askLumosServers(configuration, sender))];
}

function portsOf({ facades: { rds } = {} }: Configuration, baseUrl: () => string): readonly Connector[] {
  if (!rds) return [];
  const installation = { redirectUri: redirectUriOf(rds, baseUrl) };
  return Object.entries(rds.ports ?? {}).map(([name, port]) => rdsConnector(name.toLowerCase(), installation, port));
}

async function askLumosServers(
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
export function privateOrigins({ http, imports, facades }: Configuration): readonly string[] | undefined {
  const servers = [...(imports?.lumos ?? []), ...Object.values(facades?.rds?.ports ?? {})];
  const imported = servers.filter((server) => server.allowPrivateAddress).map(({ url }) => new URL(url).origin);
  return imported.length === 0 ? http?.allowedPrivateOrigins : [...(http?.allowedPrivateOrigins ?? []), ...imported];
}
