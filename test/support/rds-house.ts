/** A gateway that serves RDS' Token Storage for the tenant `acme`, with a token endpoint, and its client. */
import type { Configuration } from '../../src/configuration.ts';
import type { Connector } from '../../src/connector/definition.ts';
import type { SenderOptions } from '../../src/http/send.ts';
import { createGateway } from '../../src/gateway.ts';
import { openFailingVault, type FailingVault } from './failing-vault.ts';
import { rdsClient, type AskRds } from './rds-client.ts';
import { newSealingKey, startTenantGateway, type TenantGateway } from './tenant-gateway.ts';
import { storePlace } from './test-store.ts';
import { startTokenEndpoint, type TokenEndpoint } from './token-endpoint.ts';

export interface RdsHouse {
  readonly gateway: TenantGateway;
  readonly endpoint: TokenEndpoint;
  readonly store: () => FailingVault;
  /** The last part of its address. */
  readonly secret: string;
  readonly ask: AskRds;
  /** Another gateway on the same store. Close it after the test. */
  readonly startReplica: () => Promise<{ readonly ask: AskRds; readonly close: () => Promise<void> }>;
  readonly close: () => Promise<void>;
}

export interface RdsHouseOptions {
  readonly connectors?: readonly Connector[];
  readonly origins?: readonly string[];
  /** Beside tenant and secret. */
  readonly rds?: Partial<NonNullable<NonNullable<Configuration['facades']>['rds']>>;
  readonly configuration?: Configuration;
  /** Of the outbound client. */
  readonly sender?: SenderOptions;
}

const secret = 'a-secret-of-32-letters-and-digits-0123';

export async function startRdsHouse(options: RdsHouseOptions = {}): Promise<RdsHouse> {
  const endpoint = await startTokenEndpoint();
  let vault: FailingVault | undefined;
  const origins = [endpoint.origin, ...(options.origins ?? [])];
  const configuration: Configuration = {
    key: newSealingKey(),
    facades: { rds: { tenant: 'acme', secret, ...options.rds } },
    ...options.configuration,
  };
  const gateway = await startTenantGateway({
    connectors: options.connectors ?? [],
    origins,
    configuration,
    ...(options.sender && { sender: options.sender }),
    openVault: async (given) => (vault = await openFailingVault(given)).vault,
  });
  return {
    gateway,
    endpoint,
    store: () => vault!,
    secret,
    ask: rdsClient(() => `${gateway.url()}/rds/${secret}`),
    async startReplica() {
      const replica = await createGateway({
        connectors: options.connectors ?? [],
        environment: {},
        configuration: {
          ...configuration,
          port: 0,
          logLevel: 'silent',
          store: storePlace(gateway.file),
          http: { allowedPrivateOrigins: origins },
        },
      });
      const { url } = await replica.listen();
      return { ask: rdsClient(() => `${url}/rds/${secret}`), close: replica.close };
    },
    async close() {
      await gateway.close();
      await endpoint.close();
    },
  };
}

/** What `register_service` of RDS' documents sends. */
export function rdsService(servicename: string, { origin }: Pick<TokenEndpoint, 'origin'>) {
  return {
    servicename,
    authorize_url: `${origin}/authorize`,
    refresh_url: `${origin}/token`,
    client_id: 'ABC',
    client_secret: 'client-secret-canary',
    implements: ['fileStorage', 'metadata'],
  };
}

/** What port-service posts after an exchange. */
export function rdsToken(servicename: string, username: string, more: object = {}) {
  return {
    type: 'OAuth2Token',
    data: {
      service: { type: 'OAuth2Service', data: { servicename, implements: ['metadata'] } },
      user: { type: 'User', data: { username } },
      access_token: 'access-canary',
      refresh_token: 'refresh-canary',
      expiration_date: '2099-01-31 10:00:00.250000',
      ...more,
    },
  };
}
