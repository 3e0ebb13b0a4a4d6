import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addConnectCommand, type ConnectTools } from '../../src/cli/connect.ts';
import { runCommand } from '../../src/cli/command.ts';
import { startDemo } from '../../src/cli/demo.ts';
import type { Serving } from '../../src/cli/serving.ts';
import { startDemoAuthorizationServer } from '../../src/cli/demo-authorization-server.ts';
import { startDemoCalendar } from '../../src/cli/demo-calendar.ts';
import { createApiKeys } from '../../src/connection/api-keys.ts';
import { redirectUriOf } from '../../src/connection/authorization-flow.ts';
import { GatewayError } from '../../src/errors.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import myApp from '../../connectors/my-app/connector.ts';
import myCalendar from '../../connectors/my-calendar/connector.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { visitDemo } from '../support/demo-browser.ts';
import { captureTerminal } from '../support/temporary-project.ts';
import { openTestStore, storePlace } from '../support/test-store.ts';

/** Runs the command alone, with a person who opens its link. */
async function connect(args: readonly string[], tools: ConnectTools = {}) {
  const terminal = captureTerminal();
  const program = new Command('plugboard').exitOverride().configureOutput({ writeErr: (text) => terminal.warn(text) });
  addConnectCommand(program, terminal, { intervalMs: 5, ...tools });
  for (const command of program.commands) command.exitOverride();
  const failure = await program.parseAsync(['connect', ...args], { from: 'user' }).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof GatewayError) return { code: error.code, message: error.message };
      if (error instanceof CommanderError) return { code: error.code, message: error.message };
      throw error;
    },
  );
  return { failure, output: terminal.output(), errors: terminal.errors(), failed: terminal.failed };
}

const ada = (link: string): void => void visitDemo(link, { user: 'ada' });
const denying = (link: string): void => void visitDemo(link, { user: 'ada', deny: true });

describe('plugboard connect', () => {
  let serving: Serving;
  let at: readonly string[];
  beforeAll(async () => {
    serving = await startDemo({ port: 0, logLevel: 'silent' }, captureTerminal(), {
      importSource: (file) => import(file),
    });
    at = ['--url', serving.url];
  });
  afterAll(() => serving.close());

  it('explains itself, with examples', async () => {
    const terminal = captureTerminal();
    expect(await runCommand(['connect', '--help'], terminal)).toBe(0);
    expect(terminal.output()).toMatch(/Usage: plugboard connect .*<connector>[^]+Examples:\n {2}\$ plugboard connect /);
    expect(terminal.output()).toContain('PLUGBOARD_API_KEY');
  });

  it('prints the link, waits, and shows who is connected', async () => {
    const { output, errors, failed } = await connect(['my_calendar', ...at, '--subject', 'one'], { open: ada });
    expect(errors).toMatch(
      /Open this link to connect my_calendar:\n {2}http:\/\/\S+\/connect\/my_calendar\?session=\S+\n/,
    );
    expect(output).toMatch(/^connected as ada\.lovelace@example\.com: \S+\n$/);
    expect(failed).toBe(false);
  });

  it('says what is connected already, and connects again for more scopes', async () => {
    const again = await connect(['my_calendar', ...at, '--subject', 'one', '--json'], { open: denying });
    expect(JSON.parse(again.output)).toMatchObject({ state: 'STARTED', identity: 'ada.lovelace@example.com' });
    expect(again.errors).toBe('');
    const more = await connect(['my_calendar', ...at, '--subject', 'one', '--scope', 'events.write'], { open: ada });
    expect(more.output).toContain('connected as ada.lovelace@example.com');
    const query = '{"query":"{ connections { scopes } }"}';
    const response = await fetch(`${serving.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-external-subject-id': 'one' },
      body: query,
    });
    expect(await response.json()).toEqual({ data: { connections: [{ scopes: ['events.read', 'events.write'] }] } });
  });

  it('takes fields, and then needs no browser', async () => {
    const fields = ['--field', 'user=ada', '--field', 'pin=1815'];
    const { output, errors } = await connect(['my_locker', ...at, ...fields, '--json']);
    expect(JSON.parse(output)).toEqual({
      id: expect.any(String),
      state: 'STARTED',
      identity: 'Ada Lovelace',
      reason: null,
    });
    expect(errors).toBe('');
  });

  it('ends with an error when the person says no', async () => {
    const { output, errors, failed } = await connect(['my_calendar', ...at, '--subject', 'two'], { open: denying });
    expect([output, failed]).toEqual(['', true]);
    expect(errors).toMatch(/not connected \(ERROR\): .*My calendar/);
  });

  it('waits anew after such an end', async () => {
    const { output } = await connect(['my_calendar', ...at, '--subject', 'two'], { open: ada });
    expect(output).toContain('connected as ada.lovelace@example.com');
  });

  it('stops waiting when its time is over, or when it is told to', async () => {
    const late = await connect(['my_calendar', ...at, '--subject', 'three'], { timeLimitMs: 300 });
    expect(late.failure).toEqual({
      code: 'CONNECT_TIMED_OUT',
      message: expect.stringMatching(/^It took longer than 0\.3 s\. A link that was printed stays good for 10 minutes/),
    });
    const stopping = new AbortController();
    const stopped = await connect(['my_calendar', ...at, '--subject', 'three'], {
      signal: stopping.signal,
      open: () => stopping.abort(),
    });
    expect(stopped.failure?.message).toMatch(/^It was stopped\. /);
  });

  it.each([
    [['nothing'], 'CONNECTOR_UNKNOWN'],
    [['my_locker', '--field', 'user=ada', '--field', 'pin=0000'], 'CONNECTION_TEST_FAILED'],
    [['my_locker', '--field', 'number=1'], 'INPUT_INVALID'],
  ])('tells what the gateway refuses: %j', async (args, code) => {
    const { failure } = await connect([...args, ...at, '--subject', 'four']);
    expect(failure?.code).toBe(code);
  });

  it.each([
    [['--field', 'user'], 'expected name=value.'],
    [['--url', 'localhost'], 'expected a URL'],
    [['--return-url', 'https://app.example.com/'], 'expected a URL with a port of this machine'],
  ])('does not understand %j', async (args, words) => {
    const { failure } = await connect(['my_locker', ...args]);
    expect(failure).toEqual({ code: 'commander.invalidArgument', message: expect.stringContaining(words) });
  });

  it('says when no gateway is there', async () => {
    const port = await freePort();
    const { failure } = await connect(['my_locker', '--url', `http://127.0.0.1:${port}`]);
    expect(failure).toEqual({
      code: 'GATEWAY_UNREACHABLE',
      message: `No gateway answers at http://127.0.0.1:${port}/graphql. Start one (plugboard start), or say where it is with --url.`,
    });
  });
});

describe('plugboard connect, where the application has to finish', () => {
  let gateway: Awaited<ReturnType<typeof startHardened>>;
  beforeAll(async () => {
    gateway = await startHardened();
  });
  afterAll(() => gateway.close());

  it('listens on this machine for the browser, and finishes', async () => {
    const { url, key, returnUrl } = gateway;
    const args = ['my_calendar', '--url', url, '--key', key, '--subject', 'alice', '--return-url', returnUrl];
    let lastPage = '';
    const open = (link: string): void => {
      void visitDemo(link, { user: 'ada' }).then(async (end) => (lastPage = end.html));
    };
    const { output, failure } = await connect(args, { open });
    expect(failure).toBeUndefined();
    expect(output).toMatch(/^connected as ada\.lovelace@example\.com: /);
    expect(lastPage).toContain('Almost done');
  });

  it('ends when the person says no', async () => {
    const { url, key, returnUrl } = gateway;
    const args = ['my_calendar', '--url', url, '--key', key, '--subject', 'bob', '--return-url', returnUrl];
    const { errors, failed } = await connect(args, { open: denying });
    expect([failed, errors]).toEqual([true, expect.stringContaining('not connected (ERROR)')]);
  });

  it('says what to configure when its URL is not allowed', async () => {
    const returnUrl = `http://127.0.0.1:${await freePort()}/elsewhere`;
    const { url, key } = gateway;
    const args = ['my_calendar', '--url', url, '--key', key, '--subject', 'carl', '--return-url', returnUrl];
    const { failure } = await connect(args);
    expect(failure).toEqual({
      code: 'RETURN_URL_REFUSED',
      message: `This gateway ends a connection only at a return URL that it allows. Add "${returnUrl}" to \`returnUrls\` in its configuration, or name one that is there with --return-url.`,
    });
  });

  it('shows that a key is missing', async () => {
    const { failure } = await connect(['my_calendar', '--url', gateway.url]);
    expect(failure?.code).toBe('UNAUTHENTICATED');
  });
});

describe('plugboard connect, by a code that is entered on another device', () => {
  let server: AuthorizationServer;
  let gateway: Gateway;
  let at: readonly string[];
  beforeAll(async () => {
    server = await startAuthorizationServer({ deviceInterval: 0.2, clients: [{ clientId: 'app' }] });
    gateway = await createGateway({
      connectors: [television(server)],
      environment: {},
      configuration: {
        port: 0,
        logLevel: 'silent',
        insecureDev: true,
        registrations: [{ connector: 'television', fields: { client_id: 'app', client_secret: 'secret' } }],
        http: { allowedPrivateOrigins: [server.issuer] },
      },
    });
    at = ['television', '--url', (await gateway.listen()).url];
  });
  afterAll(async () => {
    await gateway.close();
    await server.close();
  });
  /** A person who opens the link that has the code in it, and says yes or no there. */
  const person = (deny: boolean) => (link: string) => {
    void server.approveDevice(new URL(link).searchParams.get('user_code')!, { subject: 'frank', deny });
  };

  it('shows the code and where it is entered, waits, and shows who is connected', async () => {
    const { output, errors, failed } = await connect([...at, '--subject', 'one'], { open: person(false) });
    expect(errors).toMatch(
      /^Open this link on any device, and enter the code \S+ there to connect television:\n {2}http:\/\/\S+\nWaiting /,
    );
    expect(output).toMatch(/^connected as frank: \S+\n$/);
    expect(failed).toBe(false);
  });

  it('ends with an error when the person says no there', async () => {
    const { output, errors, failed } = await connect([...at, '--subject', 'two'], { open: person(true) });
    expect([output, failed]).toEqual(['', true]);
    expect(errors).toMatch(/not connected \(ERROR\): .*television/);
  });
});

/** A provider that is connected by a device code. */
function television({ issuer, apiUrl }: AuthorizationServer): Connector {
  return {
    name: 'television',
    connection: {
      baseUri: `${apiUrl}/`,
      authorization: {
        type: 'oauth2',
        issuer,
        grant: 'device_code',
        scopes: ['items:read'],
        identity: async (connection) => (await connection.get('me')).name,
      },
    },
    test: (connection) => connection.get('me'),
    actions: {
      get_me: { readOnly: true, output: [{ name: 'name' }], execute: (connection) => connection.get('me') },
    },
  };
}

/** A gateway as in production: with keys, and one return URL, at which the command is to listen. */
async function startHardened() {
  const folder = await mkdtemp(join(tmpdir(), 'plugboard-connect-'));
  const file = join(folder, 'plugboard.sqlite');
  const store = await openTestStore(file);
  const scopes = ['plugboard.connect', 'plugboard.subjects'];
  const key = (await createApiKeys(store.records).create({ tenant: 'acme', name: 'cli', scopes })).text;
  await store.close();
  const returnUrl = `http://127.0.0.1:${await freePort()}/connected`;
  const login = await startDemoAuthorizationServer();
  const calendar = await startDemoCalendar(login);
  const gateway = await createGateway({
    connectors: [myApp, myCalendar],
    environment: {},
    configuration: {
      port: 0,
      logLevel: 'silent',
      key: randomBytes(32).toString('base64'),
      store: storePlace(file),
      returnUrls: [returnUrl],
      registrations: [
        {
          connector: 'my_calendar',
          baseUri: `${calendar.origin}/v1/`,
          issuer: login.origin,
          fields: { client_id: login.clientId, client_secret: login.clientSecret },
        },
      ],
      http: { allowedPrivateOrigins: [login.origin, calendar.origin] },
    },
  });
  const { url } = await gateway.listen();
  login.allowRedirectUri(redirectUriOf(url, 'acme', 'my_calendar'));
  const close = async () => {
    await gateway.close();
    await Promise.all([login.close(), calendar.close()]);
    await rm(folder, { recursive: true });
  };
  return { url, key, returnUrl, close };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}
