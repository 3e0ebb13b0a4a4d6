/** `--demo`: the sample connector over a demo provider that starts with it on loopback. */
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Configuration } from '../configuration.ts';
import { loadConnectors } from '../connector/load-connectors.ts';
import { createImportSource, type ImportSource } from '../connector/import-source.ts';
import { createGateway, type GatewayOptions } from '../gateway.ts';
import { DefinitionError } from '../errors.ts';
import { startDemoProvider, type DemoProvider } from './demo-provider.ts';
import type { Serving } from './serving.ts';
import type { Terminal } from './terminal.ts';

/** What GraphiQL shows at first, and the README asks. */
export const demoQuery = `# Orders from the sample provider, each joined to its customer: two requests in all.
query RecentOrders {
  myAppOrders(first: 3) {
    nodes {
      number
      total
      currency
      customer {
        name
        email
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

/** Starts provider and gateway. The address guard lets exactly this provider's origin through. */
export async function startDemo(
  configuration: Configuration,
  terminal: Terminal,
  options: Pick<GatewayOptions, 'logDestination'> & { readonly importSource?: ImportSource } = {},
): Promise<Serving> {
  const provider = await startProvider(configuration.port === 0 ? 0 : usualProviderPort);
  try {
    const folder = fileURLToPath(new URL('../../connectors/my-app', import.meta.url));
    await stat(folder);
    const { loaded } = await loadConnectors([folder], options.importSource ?? createImportSource());
    const gateway = await createGateway({
      connectors: loaded.map(({ connector }) => connector),
      explorerQuery: demoQuery,
      logDestination: options.logDestination,
      configuration: {
        logLevel: 'warn',
        insecureDev: true,
        ...configuration,
        connections: [{ connector: 'my_app', fields: { api_token: provider.apiToken } }],
        registrations: [{ connector: 'my_app', baseUri: `${provider.origin}/v1/` }],
        http: { allowedPrivateOrigins: [provider.origin] },
      },
    });
    const { url } = await gateway.listen();
    terminal.line(`Plugboard serves the sample connector at ${url}/graphql`);
    terminal.line(`GraphiQL: ${url}/   Demo provider: ${provider.origin}/v1/`);
    const close = async () => {
      await gateway.close();
      await provider.close();
    };
    return { gateway, project: undefined, url, close };
  } catch (error) {
    await provider.close();
    throw error;
  }
}

/** Where the demo provider is, unless something else is there. */
const usualProviderPort = 4010;

async function startProvider(port: number): Promise<DemoProvider> {
  try {
    return await startDemoProvider({ port });
  } catch (error) {
    if (port === 0 || !(error instanceof DefinitionError)) throw error;
    return startDemoProvider({ port: 0 });
  }
}
