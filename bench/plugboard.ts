/** (b) Plugboard as it is built, with the bench's connector. */
import { fileURLToPath } from 'node:url';
import { createImportSource } from '../src/connector/import-source.ts';
import { loadConnectors } from '../src/connector/load-connectors.ts';
import { createGateway } from '../src/gateway.ts';
import { answerParent } from './child.ts';

const origin = process.argv[2]!;
const folder = fileURLToPath(new URL('./connectors', import.meta.url));
const { loaded } = await loadConnectors([folder], createImportSource());
const gateway = await createGateway({
  connectors: loaded.map(({ connector }) => connector),
  configuration: {
    host: '127.0.0.1',
    port: 0,
    logLevel: 'error',
    insecureDev: true,
    connections: [{ connector: 'shop', fields: { api_token: 'bench' } }],
    registrations: [{ connector: 'shop', baseUri: `${origin}/` }],
    http: { allowedPrivateOrigins: [origin] },
  },
});
const { url } = await gateway.listen();
answerParent({ port: Number(new URL(url).port) });
