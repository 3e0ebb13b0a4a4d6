/** A whole gateway that asks for credentials: two tenants with API keys, subjects by header, a store in a file. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Configuration } from '../../src/configuration.ts';
import { createApiKeys } from '../../src/connection/api-keys.ts';
import { operationKinds, scopeOf, type OperationKind } from '../../src/connection/scopes.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import type { SenderOptions } from '../../src/http/send.ts';
import type { Vault } from '../../src/open-vault.ts';
import { openTestStore, storePlace } from './test-store.ts';

export type Tenant = 'acme' | 'globex';

/** Who asks; `acme` unless told otherwise, and without a subject for nobody but the tenant. */
export interface Who {
  readonly tenant?: Tenant;
  readonly subject?: string;
}

export interface TenantAnswer {
  readonly data?: any;
  readonly errors?: readonly { readonly message: string; readonly path?: unknown[]; readonly extensions: any }[];
  readonly status: number;
  /** The answer as it came, for what must not be in it. */
  readonly text: string;
}

export interface TenantGateway {
  readonly url: () => string;
  /** Folder of the store. */
  readonly folder: string;
  /** File of the store. */
  readonly file: string;
  /** API keys with every scope. */
  readonly keys: Readonly<Record<Tenant, string>>;
  readonly ask: (query: string, variables?: object, who?: Who) => Promise<TenantAnswer>;
  /** Everything that was logged so far. */
  readonly log: () => string;
  /** Closes the gateway and starts another one on the same store, with these parts of its configuration. */
  readonly restart: (configuration?: Configuration) => Promise<void>;
  readonly readKeysAgain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface TenantGatewayOptions {
  readonly connectors: readonly Connector[];
  /** Origins on loopback that its connectors may ask. */
  readonly origins?: readonly string[];
  readonly configuration?: Configuration;
  /** Of the outbound client. */
  readonly sender?: SenderOptions;
  /** Shares its store and API keys, as another replica; close this one first. */
  readonly beside?: TenantGateway;
  /** Opens the store at every start; absent: the gateway does. */
  readonly openVault?: (configuration: Configuration) => Promise<Vault>;
}

export const returnUrl = 'https://app.example.test/connected';
/** Of every kind of operation, those of later days too. */
export const allScopes = (Object.keys(operationKinds) as OperationKind[]).map((kind) => scopeOf(kind));

/** A sealing key as operators write it. */
export function newSealingKey(): string {
  return randomBytes(32).toString('base64');
}

/** Starts it on 127.0.0.1 and a free port, at log level trace. Close it after the test. */
export async function startTenantGateway(options: TenantGatewayOptions): Promise<TenantGateway> {
  const { beside } = options;
  const folder = beside?.folder ?? (await mkdtemp(join(tmpdir(), 'plugboard-tenants-')));
  const file = join(folder, 'plugboard.sqlite');
  const log: string[] = [];
  const keys = beside?.keys ?? (await createKeys(file));
  const configuration: Configuration = {
    port: 0,
    ...(options.configuration?.keyFile === undefined && { key: newSealingKey() }),
    store: storePlace(file),
    logLevel: 'trace',
    explorer: false,
    returnUrls: [returnUrl],
    ...options.configuration,
    http: { allowedPrivateOrigins: options.origins ?? [], ...options.configuration?.http },
  };
  const start = async (more: Configuration = {}): Promise<{ gateway: Gateway; url: string }> => {
    const given = { ...configuration, ...more };
    const vault = await options.openVault?.(given);
    const gateway = await createGateway({
      connectors: options.connectors,
      environment: {},
      logDestination: collect(log),
      sender: { retries: { maxTries: 1 }, ...options.sender },
      ...(vault && { vault }),
      configuration: given,
    });
    return { gateway, url: (await gateway.listen()).url };
  };
  let running = await start();
  return {
    url: () => running.url,
    folder,
    file,
    keys,
    ask: (query, variables = {}, who = {}) => ask(`${running.url}/graphql`, keys, who, { query, variables }),
    log: () => log.join(''),
    readKeysAgain: () => running.gateway.readKeysAgain(),
    async restart(more) {
      await running.gateway.close();
      running = await start(more);
    },
    async close() {
      await running.gateway.close();
      if (!beside) await rm(folder, { recursive: true });
    },
  };
}

async function createKeys(file: string): Promise<Record<Tenant, string>> {
  const store = await openTestStore(file);
  const apiKeys = createApiKeys(store.records);
  const create = async (tenant: Tenant) => (await apiKeys.create({ tenant, name: 'test', scopes: allScopes })).text;
  const keys = { acme: await create('acme'), globex: await create('globex') };
  await store.close();
  return keys;
}

function collect(log: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      log.push(String(chunk));
      done();
    },
  });
}

async function ask(
  url: string,
  keys: Readonly<Record<Tenant, string>>,
  { tenant = 'acme', subject }: Who,
  body: object,
): Promise<TenantAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${keys[tenant]}`,
      ...(subject !== undefined && { 'x-external-subject-id': subject }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { ...(JSON.parse(text) as object), status: response.status, text };
}

/**
 * Plays the subject on the connect page, as a browser without scripts would: opens the link, fills in the form and posts it.
 *
 * @returns where the browser is sent at the end; `undefined` when it is shown a page.
 */
export async function fillInForm(link: string, values: Readonly<Record<string, string>>): Promise<URL | undefined> {
  const first = await fetch(link, { redirect: 'manual' });
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
  const again = new URL(first.headers.get('location') ?? '', link);
  await fetch(again, { headers: { cookie } });
  const { origin, searchParams, pathname } = new URL(link);
  const fields = Object.entries(values).map(([name, value]) => [`field.${name}`, value]);
  const posted = await fetch(`${origin}${pathname}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams([['session', searchParams.get('session') ?? ''], ...fields] as [string, string][]),
  });
  const onward = /https?:\/\/[^"'<>\s]*[?&;]code=[\w-]+/.exec((await posted.text()).replaceAll('&amp;', '&'));
  return onward ? new URL(onward[0]) : undefined;
}
