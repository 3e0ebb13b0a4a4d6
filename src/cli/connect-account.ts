/** How a command connects an account: begins, shows the link, waits, and finishes where the gateway wants that. */
import { AuthorizationError, GatewayError } from '../errors.ts';
import type { GatewayClient } from './gateway-client.ts';
import { listenForReturn, type Return } from './return-listener.ts';

export interface ConnectingRun {
  readonly connector: string;
  readonly client: GatewayClient;
  readonly input: {
    readonly fields?: Readonly<Record<string, string>> | undefined;
    readonly scopes?: readonly string[] | undefined;
    readonly label?: string | undefined;
  };
  /** On loopback: where this command listens when the gateway asks for `finishConnection`. */
  readonly returnUrl: URL;
  /** Opens the link in a browser; absent: it is printed only. */
  readonly open?: ((url: string) => void) | undefined;
  /** Tells the person what to do. */
  readonly say: (text: string) => void;
  readonly intervalMs: number;
  readonly timeLimitMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

export interface Connected {
  readonly id: string;
  readonly state: 'PENDING' | 'STARTED' | 'REAUTH_REQUIRED' | 'ERROR';
  readonly identity: string | null;
  readonly reason: string | null;
  readonly scopes: readonly string[];
  /** RFC 3339 */
  readonly expiresAt: string | null;
  /** RFC 3339 */
  readonly connectedAt: string | null;
}

interface Begun {
  readonly connection: Connected;
  readonly authorizationUrl: string | null;
  /** A code that the person enters on whatever device it likes (RFC 8628). */
  readonly device: DeviceCode | null;
}

interface DeviceCode {
  readonly userCode: string;
  readonly verificationUrl: string;
  /** With the code in it. */
  readonly verificationUrlComplete: string | null;
}

/**
 * Connects, or connects again what is there and no longer works.
 *
 * @throws GatewayError with the code that the gateway answered; GATEWAY_UNREACHABLE; CONNECT_TIMED_OUT when the time limit
 *   is over or the person stopped it.
 */
export async function connectAccount(run: ConnectingRun): Promise<Connected> {
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(run.timeLimitMs)]);
  try {
    const direct = await begin(run, undefined, signal);
    return 'mustReturn' in direct ? await withListener(run, signal) : await follow(run, direct, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    const reason = run.signal.aborted ? 'It was stopped' : `It took longer than ${run.timeLimitMs / 1000} s`;
    const message = `${reason}. A link that was printed stays good for 10 minutes; run the command again for another.`;
    throw new AuthorizationError('CONNECT_TIMED_OUT', message, { connector: run.connector, cause: error });
  }
}

/** Gives `mustReturn` when the gateway ends no connection without an application that finishes it. */
async function begin(
  run: ConnectingRun,
  returnUrl: string | undefined,
  signal: AbortSignal,
): Promise<Begun | { readonly mustReturn: true }> {
  try {
    return await beginOrAgain(run, returnUrl, signal);
  } catch (error) {
    if (codeOf(error) === 'RETURN_URL_REFUSED' && returnUrl === undefined) return { mustReturn: true };
    throw error;
  }
}

async function beginOrAgain(run: ConnectingRun, returnUrl: string | undefined, signal: AbortSignal): Promise<Begun> {
  const { client, connector, input } = run;
  try {
    const variables = { connector, ...input, returnUrl };
    return (await client.ask<{ connect: Begun }>(connectMutation, variables, signal)).connect;
  } catch (error) {
    if (codeOf(error) !== 'CONNECTION_EXISTS') throw error;
  }
  const existing = await findExisting(run, signal);
  const isAsked = input.fields !== undefined || input.scopes !== undefined;
  if (existing.state === 'STARTED' && !isAsked) return { connection: existing, authorizationUrl: null, device: null };
  const again = { id: existing.id, fields: input.fields, scopes: input.scopes, returnUrl };
  return (await client.ask<{ reconnect: Begun }>(reconnectMutation, again, signal)).reconnect;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof GatewayError ? error.code : undefined;
}

const shown = 'id state identity reason scopes expiresAt connectedAt';
const begunFields = `authorizationUrl device { userCode verificationUrl verificationUrlComplete } connection { ${shown} }`;
const connectMutation = `mutation ($connector: String!, $fields: JSON, $scopes: [String!], $label: String, $returnUrl: String) {
  connect(connector: $connector, fields: $fields, scopes: $scopes, label: $label, returnUrl: $returnUrl) {
    ${begunFields}
  }
}`;
const reconnectMutation = `mutation ($id: ID!, $fields: JSON, $scopes: [String!], $returnUrl: String) {
  reconnect(connection: $id, fields: $fields, scopes: $scopes, returnUrl: $returnUrl) {
    ${begunFields}
  }
}`;

type Existing = Connected & { readonly label: string | null; readonly owner: string };

async function findExisting({ client, connector, input }: ConnectingRun, signal: AbortSignal): Promise<Connected> {
  const query = `query ($connector: String) { connections(connector: $connector) { ${shown} label owner } }`;
  const { connections } = await client.ask<{ connections: readonly Existing[] }>(query, { connector }, signal);
  const found = connections.find(({ label, owner }) => owner === 'SUBJECT' && label === (input.label ?? null));
  if (found) return found;
  throw new AuthorizationError('CONNECTION_NOT_FOUND', `The connection to ${connector} was removed meanwhile.`);
}

/** The gateway finishes by itself: it is asked until the state changes. */
async function follow(run: ConnectingRun, { connection, authorizationUrl, device }: Begun, signal: AbortSignal) {
  if (device !== null) showCode(run, device);
  else if (authorizationUrl !== null) showLink(run, authorizationUrl);
  else return connection;
  for (;;) {
    await pause(run.intervalMs, signal);
    const now = await read(run, connection.id, signal);
    // One that was there before stays as it was until this attempt ends.
    if (now.state !== 'PENDING' && !isSame(now, connection)) return now;
  }
}

function isSame(now: Connected, before: Connected): boolean {
  const parts = ({ state, identity, reason, scopes, expiresAt, connectedAt }: Connected) =>
    JSON.stringify([state, identity, reason, scopes, expiresAt, connectedAt]);
  return parts(now) === parts(before);
}

/** This command is the application: the browser brings it the code, and it finishes. */
async function withListener(run: ConnectingRun, signal: AbortSignal): Promise<Connected> {
  const { client, returnUrl } = run;
  const listener = await listenForReturn(returnUrl);
  try {
    const begun = await begin(run, returnUrl.href, signal).catch((error: unknown) => {
      throw codeOf(error) === 'RETURN_URL_REFUSED' ? notAllowed(returnUrl) : error;
    });
    if ('mustReturn' in begun) throw notAllowed(returnUrl);
    const { connection, authorizationUrl } = begun;
    // By then nothing is left to do, or it is done on another device, which brings no code.
    if (authorizationUrl === null) return await follow(run, begun, signal);
    showLink(run, authorizationUrl);
    const { code }: Return = await listener.returned(connection.id, signal);
    if (code === undefined) return await read(run, connection.id, signal);
    const finish = `mutation ($code: String!) { finishConnection(code: $code) { ${shown} } }`;
    return (await client.ask<{ finishConnection: Connected }>(finish, { code }, signal)).finishConnection;
  } finally {
    await listener.close();
  }
}

function notAllowed({ href }: URL): GatewayError {
  const message = `This gateway ends a connection only at a return URL that it allows. Add ${JSON.stringify(href)} to \`returnUrls\` in its configuration, or name one that is there with --return-url.`;
  return new AuthorizationError('RETURN_URL_REFUSED', message);
}

function showLink({ say, open, connector }: ConnectingRun, url: string): void {
  say(`Open this link to connect ${connector}:\n  ${url}`);
  open?.(url);
  say(waiting);
}

function showCode({ say, open, connector }: ConnectingRun, device: DeviceCode): void {
  const { userCode, verificationUrl, verificationUrlComplete } = device;
  say(
    `Open this link on any device, and enter the code ${userCode} there to connect ${connector}:\n  ${verificationUrl}`,
  );
  open?.(verificationUrlComplete ?? verificationUrl);
  say(waiting);
}

const waiting = 'Waiting until it is connected (Ctrl-C ends the waiting).';

async function read({ client, connector }: ConnectingRun, id: string, signal: AbortSignal): Promise<Connected> {
  const query = `query ($id: ID!) { connection(id: $id) { ${shown} } }`;
  const { connection } = await client.ask<{ connection: Connected | null }>(query, { id }, signal);
  if (connection) return connection;
  throw new AuthorizationError('CONNECTION_NOT_FOUND', `The connection to ${connector} was removed meanwhile.`);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    function done(): void {
      signal.removeEventListener('abort', stop);
      resolve();
    }
    function stop(): void {
      clearTimeout(timer);
      reject(signal.reason as Error);
    }
  });
}
