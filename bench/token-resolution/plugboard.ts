/** Plugboard with one account of the bench's connector: configured (`static`), or connected by OAuth 2.0 and kept (`stored`). */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { insecureCaller } from '../../src/connection/caller.ts';
import { begunConnection, sealIdentity, sealingTarget } from '../../src/connection/connection-record.ts';
import { acquiredTokens, tokenPart } from '../../src/connection/connection-tokens.ts';
import { createStoredConnections } from '../../src/connection/stored-connections.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { createImportSource } from '../../src/connector/import-source.ts';
import { loadConnectors } from '../../src/connector/load-connectors.ts';
import type { Configuration } from '../../src/configuration.ts';
import { createGateway } from '../../src/gateway.ts';
import { openVault } from '../../src/open-vault.ts';
import { Secret } from '../../src/http/secret.ts';
import { answerParent } from '../child.ts';

const [origin, kind] = process.argv.slice(2) as [string, 'static' | 'stored'];
const folder = fileURLToPath(new URL('../connectors', import.meta.url));
const { loaded } = await loadConnectors([folder], createImportSource());
const [shop] = loaded.map(({ connector }) => connector) as [Connector];
/** The same provider, whose token stands where its key stood: the two differ in where it comes from alone. */
const byOAuth: Connector = {
  ...shop,
  connection: {
    ...shop.connection,
    fields: [],
    authorization: {
      type: 'oauth2',
      authorizationUrl: `${origin}/authorize`,
      tokenUrl: `${origin}/token`,
      apply: (request, _connection, accessToken) => request.headers({ 'x-api-token': accessToken! }),
    },
  },
};
const configuration: Configuration = {
  host: '127.0.0.1',
  port: 0,
  logLevel: 'error',
  insecureDev: true,
  key: randomBytes(32).toString('base64'),
  store: ':memory:',
  ...(kind === 'static' && { connections: [{ connector: 'shop', fields: { api_token: 'bench' } }] }),
  registrations: [{ connector: 'shop', baseUri: `${origin}/` }],
  http: { allowedPrivateOrigins: [origin], shareReads: false },
};
const vault = await openVault(configuration);
if (kind === 'stored') {
  const { tenant, subject } = insecureCaller;
  const begun = begunConnection({ tenant, subject, connector: 'shop', label: null });
  const target = sealingTarget({ id: 'bench', value: begun });
  const answer = {
    access_token: new Secret('bench'),
    token_type: 'Bearer',
    refresh_token: new Secret('never'),
    expires_in: 86_400,
  };
  const empty = (part: 'fields' | 'acquired') => vault.keyRing.seal('{}', sealIdentity(target, part));
  await createStoredConnections({ records: vault.records }).create('bench', {
    ...begun,
    state: 'STARTED',
    fields: empty('fields'),
    acquired: empty('acquired'),
    ...tokenPart(target, acquiredTokens(answer, Date.now(), []), vault.keyRing),
  });
}
const gateway = await createGateway({ connectors: [kind === 'stored' ? byOAuth : shop], configuration, vault });
answerParent({ port: Number(new URL((await gateway.listen()).url).port) });
