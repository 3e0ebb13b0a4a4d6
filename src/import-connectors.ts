/** Connectors that are made of what other systems say of themselves, as the configuration names them. */
import { buildSchema } from 'graphql';
import type { Configuration } from './configuration.ts';
import type { Connector } from './connector/definition.ts';
import { formatFault, type Fault } from './errors.ts';
import { readCapabilities } from './graph/capabilities.ts';
import { redirectUriOf } from './facades/rds/rds.ts';
import type { Sender } from './http/send.ts';
import { openLumosServers } from './importers/lumos/lumos-servers.ts';
import { rdsConnector } from './importers/rds/rds-connector.ts';
import type { Logger } from './open-log.ts';
import { readOwnSdl } from './own-sdl.ts';

export interface Imports {
  /** Of the systems that have answered, in the order of the configuration. */
  readonly connectors: () => readonly Connector[];
  /** Names of the others, which are asked again and again. */
  readonly awaited: () => ReadonlySet<string>;
  /** Why those have not answered. */
  readonly faults: () => readonly Fault[];
  /** Ends the asking. */
  readonly close: () => Promise<void>;
}

export interface ImportOptions {
  readonly sender: Sender;
  /** Of the gateway, read when it is needed. */
  readonly baseUrl: () => string;
  readonly logger: Logger;
  /** Told when a system that was away has answered. */
  readonly arrived: () => void;
}

/**
 * Ports of RDS are what their interface says. Servers of Lumos are asked, and those that are away again until they answer.
 *
 * @throws DefinitionError IMPORT_FAILED, IMPORT_INVALID with the faults of all that somebody has to mend.
 */
export async function openImports(
  configuration: Configuration,
  { sender, baseUrl, logger, arrived }: ImportOptions,
): Promise<Imports> {
  const { lumos = [] } = configuration.imports ?? {};
  const ports = portsOf(configuration, baseUrl);
  const servers = await openLumosServers(lumos, {
    sender,
    capabilities: lumos.length === 0 ? [] : readCapabilities(buildSchema(await readOwnSdl())),
    onAway: (name, faults) =>
      logger.warn(
        { import: name, faults: faults.map(formatFault) },
        'An import is away: the graph is served without it until it answers',
      ),
    onArrival(name) {
      logger.info({ import: name }, 'An import that was away has answered');
      arrived();
    },
    onFailure: (name, err) =>
      logger.error({ import: name, err }, 'An import cannot be read, and is not asked any more'),
  });
  return {
    connectors: () => [...ports, ...servers.connectors()],
    awaited: () => new Set(servers.away.keys()),
    faults: () => [...servers.away.values()].flat(),
    close: servers.close,
  };
}

function portsOf({ facades: { rds } = {} }: Configuration, baseUrl: () => string): readonly Connector[] {
  if (!rds) return [];
  const installation = { redirectUri: redirectUriOf(rds, baseUrl) };
  return Object.entries(rds.ports ?? {}).map(([name, port]) => rdsConnector(name.toLowerCase(), installation, port));
}

/** Names of all that are asked for. */
export function importedNames({ lumos = [] }: NonNullable<Configuration['imports']> = {}): ReadonlySet<string> {
  return new Set(lumos.map(({ name }) => name));
}

/** Origins that may lie at addresses that are not public: those of `http`, and of imports that say so of themselves. */
export function privateOrigins({ http, imports, facades }: Configuration): readonly string[] | undefined {
  const servers = [...(imports?.lumos ?? []), ...Object.values(facades?.rds?.ports ?? {})];
  const imported = servers.filter((server) => server.allowPrivateAddress).map(({ url }) => new URL(url).origin);
  return imported.length === 0 ? http?.allowedPrivateOrigins : [...(http?.allowedPrivateOrigins ?? []), ...imported];
}
