/** Registrations of the operator: those that stand in the configuration file and in the environment. */
import type { Connector } from '../connector/definition.ts';
import { DefinitionError, GatewayError, type Fault } from '../errors.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { checkEndpoints, checkFields } from './check-registration.ts';
import { endpointNames, registrationNotation, type Endpoints, type Registration } from './registration.ts';

/** A registration that stands in the configuration; it holds for the tenant named, or for all. */
export interface ConfiguredRegistration extends Endpoints {
  readonly connector: string;
  readonly tenant?: string;
  /** By field name; `{ env: 'NAME' }` takes the value from the environment. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Instead of the scopes that the connector asks for. */
  readonly scopes?: readonly string[];
}

export interface ConfiguredRegistrationsOptions {
  readonly connectors: readonly Connector[];
  readonly configured?: readonly ConfiguredRegistration[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Names of connectors that are still to come: what is configured for them is left out until then. */
  readonly awaited?: ReadonlySet<string> | undefined;
}

/** Stands for every tenant in a configured registration. */
export const anyTenant = '*';

/**
 * Registrations of the configuration and of the environment.
 *
 * @throws DefinitionError with all faults
 */
export function readConfiguredRegistrations(options: ConfiguredRegistrationsOptions): Registration[] {
  const { connectors, configured = [], environment = {}, awaited } = options;
  const faults: Fault[] = [];
  const registrations = configured.flatMap((entry, index): Registration[] => {
    const path = `registrations[${index}]`;
    const connector = connectors.find(({ name }) => name === entry.connector);
    const isDouble =
      configured.findIndex((other) => other.connector === entry.connector && other.tenant === entry.tenant) < index;
    if (isDouble) {
      const message = `expected one registration per tenant and connector; ${JSON.stringify(entry.connector)} has another.`;
      faults.push({ code: 'CONFIGURATION_INVALID', path: `${path}.connector`, message });
      return [];
    }
    if (!connector && awaited?.has(entry.connector)) return [];
    if (!connector) {
      const known = connectors.map(({ name }) => name).join(', ') || '(none is loaded)';
      const message = `expected the name of a connector, one of ${known}; got ${JSON.stringify(entry.connector)}.`;
      faults.push({ code: 'CONFIGURATION_INVALID', path: `${path}.connector`, message });
      return [];
    }
    try {
      const given = resolveEnvironment(entry.fields ?? {}, environment);
      const fields = entry.fields === undefined ? {} : checkFields(connector, given, `${path}.fields`);
      return [{ ...toRegistration(entry, fields), endpoints: checkEndpoints(pickEndpoints(entry)) }];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      faults.push({ code: 'CONFIGURATION_INVALID', path, message: error.message });
      return [];
    }
  });
  const fromVariables = fromEnvironment(connectors, environment, faults);
  if (faults.length > 0) throw new DefinitionError(faults);
  return [...registrations, ...fromVariables];
}

function toRegistration(entry: ConfiguredRegistration, fields: Readonly<Record<string, unknown>>): Registration {
  const { connector, tenant = anyTenant, scopes } = entry;
  return { id: undefined, tenant, connector, fields: hideFields(fields), scopes, endpoints: {} };
}

function pickEndpoints(entry: Endpoints): Endpoints {
  return Object.fromEntries(endpointNames.flatMap((name) => (entry[name] === undefined ? [] : [[name, entry[name]]])));
}

function resolveEnvironment(
  fields: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const variable = (value as { env?: unknown } | null)?.env;
      return [name, typeof variable === 'string' ? environment[variable] : value];
    }),
  );
}

/**
 * `PLUGBOARD_GITHUB_CLIENT_ID` and the like, `…_SCOPES` between spaces, `…_BASE_URI`, `…_TOKEN_URL` and the other endpoints:
 * a registration for every tenant, for connectors of which any is set. A field of the connector wins over a name of ours.
 */
function fromEnvironment(
  connectors: readonly Connector[],
  environment: Readonly<Record<string, string | undefined>>,
  faults: Fault[],
): Registration[] {
  return connectors.flatMap((connector) => {
    const prefix = `PLUGBOARD_${connector.name}_`.toUpperCase();
    const entries = registrationNotation(connector).flatMap(({ name }) => {
      const value = environment[`${prefix}${name.toUpperCase()}`];
      return value === undefined || value === '' ? [] : [[name, value]];
    });
    const taken = new Set(entries.map(([name]) => `${prefix}${name!.toUpperCase()}`));
    const read = (name: string) => (taken.has(prefix + name) ? undefined : environment[prefix + name]) || undefined;
    const scopes = read('SCOPES')?.split(/\s+/).filter(Boolean);
    const named = endpointNames.map((name) => [name, read(variableOf(name))] as const);
    const endpoints: Endpoints = Object.fromEntries(named.filter(([, url]) => url !== undefined));
    if (entries.length === 0 && scopes === undefined && Object.keys(endpoints).length === 0) return [];
    try {
      const given = { connector: connector.name, ...(scopes && { scopes }) };
      const fields = entries.length === 0 ? {} : checkFields(connector, Object.fromEntries(entries), `${prefix}*`);
      return [{ ...toRegistration(given, fields), endpoints: checkEndpoints(endpoints, `${prefix}*`) }];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      faults.push({ code: 'CONFIGURATION_INVALID', path: 'environment', message: error.message });
      return [];
    }
  });
}

/** `baseUri` is `BASE_URI`. */
function variableOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
