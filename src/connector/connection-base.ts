/** Where a connection's relative URLs lead, and which origins its credentials may go to. */
import { GatewayError } from '../errors.ts';
import type { ConnectionFields, Connector } from './definition.ts';

export interface ConnectionBase {
  readonly url: URL | undefined;
  /** Origins that get credentials; empty: the connector names none, so every one that it asks. */
  readonly origins: ReadonlySet<string>;
  /** Origin of `url` when it is declared, for requests that stay below it. */
  readonly declaredOrigin: string | undefined;
  /** Those of them that stand in the connector or the configuration, no part of them entered by a person. */
  readonly declared: ReadonlySet<string>;
}

interface Source {
  readonly connector: Connector;
  readonly credentials: {
    readonly fields: () => ConnectionFields;
    readonly checkPlace?: (origin: string | undefined) => void;
  };
  readonly baseUri?: string | undefined;
}

/**
 * The base of a connection. Worked out once, and again when its fields have changed: a base may hang on them.
 *
 * @throws GatewayError `REQUEST_INVALID` when `baseUri` gives no absolute http(s) URL; what `checkPlace` of the credentials throws.
 */
export function baseOf(source: Source): ConnectionBase | Promise<ConnectionBase> {
  const { connector, credentials, baseUri: configured } = source;
  const written = configured ?? connector.connection?.baseUri;
  if (typeof written !== 'function') return fixedBase(connector, written);
  const fields = credentials.fields();
  const known = basesByFields.get(fields);
  if (known) return known;
  return Promise.resolve(written(fields)).then((text) => {
    const base = createBase(connector, text, false);
    credentials.checkPlace?.(base.url?.origin);
    basesByFields.set(fields, base);
    return base;
  });
}

/** `fields()` gives the same object until they change, so it stands for them. */
const basesByFields = new WeakMap<ConnectionFields, ConnectionBase>();
const fixedBases = new WeakMap<Connector, Map<string | undefined, ConnectionBase>>();

function fixedBase(connector: Connector, written: string | undefined): ConnectionBase {
  let bases = fixedBases.get(connector);
  if (!bases) fixedBases.set(connector, (bases = new Map()));
  let base = bases.get(written);
  if (!base) bases.set(written, (base = createBase(connector, written, true)));
  return base;
}

function createBase(connector: Connector, written: unknown, isDeclared: boolean): ConnectionBase {
  const named = (connector.connection?.origins ?? []).map((origin) => parseOrigin(connector, origin));
  if (written === undefined || written === null || written === '') {
    return { url: undefined, origins: new Set(named), declaredOrigin: undefined, declared: new Set(named) };
  }
  const url = parseBase(connector, written);
  return {
    url,
    origins: new Set([url.origin, ...named]),
    declaredOrigin: isDeclared ? url.origin : undefined,
    declared: new Set(isDeclared ? [url.origin, ...named] : named),
  };
}

function parseOrigin(connector: Connector, written: string): string {
  if (URL.canParse(written)) return new URL(written).origin;
  throw new GatewayError(
    'REQUEST_INVALID',
    `${connector.title ?? connector.name}: connection.origins expects origins such as "https://uploads.example.com"; got ${JSON.stringify(written)}.`,
    { connector: connector.name },
  );
}

function parseBase(connector: Connector, written: unknown): URL {
  const url = typeof written === 'string' && URL.canParse(written) ? new URL(written) : undefined;
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url && isHttp && url.username === '' && url.password === '') return url;
  throw new GatewayError(
    'REQUEST_INVALID',
    `${connector.title ?? connector.name}: baseUri must give an absolute http(s) URL without a user name; what it gave is none. Check the connection's fields.`,
    { connector: connector.name },
  );
}
