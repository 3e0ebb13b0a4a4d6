/** `--demo`: the sample connectors over demo providers that start with them on loopback. */
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Configuration } from '../configuration.ts';
import { redirectUriOf } from '../connection/authorization-flow.ts';
import { localTenant } from '../connection/caller.ts';
import { loadConnectors } from '../connector/load-connectors.ts';
import { createImportSource, type ImportSource } from '../connector/import-source.ts';
import { createGateway, type GatewayOptions } from '../gateway.ts';
import { DefinitionError } from '../errors.ts';
import { startDemoAuthorizationServer, type DemoAuthorizationServer } from './demo-authorization-server.ts';
import { startDemoCalendar } from './demo-calendar.ts';
import { lockerUsers, startDemoLocker } from './demo-locker.ts';
import { startDemoProvider, type DemoProvider } from './demo-provider.ts';
import type { DemoServer, DemoServerOptions } from './demo-server.ts';
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

/** Starts providers and gateway. The address guard lets exactly the origins of these providers through. */
export async function startDemo(
  configuration: Configuration,
  terminal: Terminal,
  options: Pick<GatewayOptions, 'logDestination'> & { readonly importSource?: ImportSource } = {},
): Promise<Serving> {
  const providers = await startProviders(configuration.port !== 0);
  try {
    const { loaded } = await loadConnectors(await demoFolders(), options.importSource ?? createImportSource());
    const gateway = await createGateway({
      connectors: loaded.map(({ connector }) => connector),
      explorerQuery: demoQuery,
      logDestination: options.logDestination,
      configuration: {
        logLevel: 'warn',
        insecureDev: true,
        finishInBrowser: true,
        facades: { rds: { tenant: localTenant } },
        ...configuration,
        ...configurationFor(providers),
      },
    });
    const { url } = await gateway.listen();
    providers.login.allowRedirectUri(redirectUriOf(configuration.baseUrl ?? url, localTenant, 'my_calendar'));
    tell(url, providers, terminal);
    const close = async () => {
      await gateway.close();
      await providers.close();
    };
    return { gateway, project: undefined, url, close };
  } catch (error) {
    await providers.close();
    throw error;
  }
}

interface DemoProviders {
  readonly shop: DemoProvider;
  readonly login: DemoAuthorizationServer;
  readonly calendar: DemoServer;
  readonly locker: DemoServer;
  readonly close: () => Promise<void>;
}

/** The shop never sleeps: whoever subscribes to its new customers does not wait long. */
const newCustomerEveryMs = 10_000;

/** Where the demo's providers are, unless something else is there. */
const usualPorts = { shop: 4010, login: 4011, calendar: 4012, locker: 4013 };

async function startProviders(areUsualPorts: boolean): Promise<DemoProviders> {
  const started: { readonly close: () => Promise<void> }[] = [];
  const close = async () => void (await Promise.all(started.map((server) => server.close())));
  const start = async <T extends (typeof started)[number]>(
    port: number,
    startAt: (options: DemoServerOptions) => Promise<T>,
  ): Promise<T> => {
    const server = await (areUsualPorts ? startNear(port, startAt) : startAt({ port: 0 }));
    started.push(server);
    return server;
  };
  try {
    const shop = await start(usualPorts.shop, (at) => startDemoProvider({ ...at, newCustomerEveryMs }));
    const login = await start(usualPorts.login, startDemoAuthorizationServer);
    const calendar = await start(usualPorts.calendar, (at) => startDemoCalendar(login, at));
    const locker = await start(usualPorts.locker, startDemoLocker);
    return { shop, login, calendar, locker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** At the usual port, else at any. */
async function startNear<T>(port: number, startAt: (options: DemoServerOptions) => Promise<T>): Promise<T> {
  try {
    return await startAt({ port });
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return startAt({ port: 0 });
  }
}

async function demoFolders(): Promise<string[]> {
  const folders = ['my-app', 'my-calendar', 'my-locker'].map((name) =>
    fileURLToPath(new URL(`../../connectors/${name}`, import.meta.url)),
  );
  for (const folder of folders) await stat(folder);
  return folders;
}

/** The shop is connected at once, so that there is something to ask; calendar and locker are for whoever tries to connect. */
function configurationFor({ shop, login, calendar, locker }: DemoProviders) {
  return {
    connections: [{ connector: 'my_app', fields: { api_token: shop.apiToken } }],
    registrations: [
      { connector: 'my_app', baseUri: `${shop.origin}/v1/` },
      {
        connector: 'my_calendar',
        baseUri: `${calendar.origin}/v1/`,
        issuer: login.origin,
        fields: { client_id: login.clientId, client_secret: login.clientSecret },
      },
      { connector: 'my_locker', baseUri: `${locker.origin}/v1/` },
    ],
    http: { allowedPrivateOrigins: [shop, login, calendar, locker].map(({ origin }) => origin) },
  } satisfies Configuration;
}

function tell(url: string, { shop }: DemoProviders, terminal: Terminal): void {
  const [user, { pin }] = Object.entries(lockerUsers)[0]!;
  terminal.line(`Plugboard serves the sample connectors at ${url}/graphql`);
  terminal.line(`GraphiQL: ${url}/   Demo provider: ${shop.origin}/v1/`);
  terminal.line(`Token Storage of Sciebo RDS: ${url}/rds`);
  terminal.line(`Connect an account by OAuth 2.0: ${url}/connect/my_calendar`);
  terminal.line(`Connect a locker: ${url}/connect/my_locker   (user name ${user}, PIN ${pin})`);
  terminal.line(`Connect the shop: ${url}/connect/my_app   (API token ${shop.apiToken})`);
}
