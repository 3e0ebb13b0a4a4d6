/** The routes that a browser takes while an account is connected: our link, the form, and the provider's way back. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BeginHere } from '../connection/begin-here.ts';
import type { BrowserStep, Connecting } from '../connection/connecting.ts';
import { AuthorizationError, InputError } from '../errors.ts';
import { browserCookie } from './browser-cookie.ts';
import type { BrowserCookie } from './browser-cookie.ts';
import { connectFailure } from './connect-failure.ts';
import { endPage, errorPage, formPage, onwardPage } from './connect-page.ts';
import type { Page } from './connect-page.ts';
import { describeFailure } from './describe-failure.ts';

export interface ConnectRoutesOptions {
  readonly connecting: Connecting;
  /** Begins for whoever opens `/connect/<connector>` without a session. Absent: the application begins. */
  readonly beginHere?: BeginHere;
  /**
   * Where browsers reach us, from the configuration and never from `Host` (safety O6). Read at each request, so it may be a
   * getter while the port is not known before listening.
   */
  readonly baseUrl: string;
  /** Leaves out what only developers need. */
  readonly production: boolean;
}

/** Adds `/connect/:connector` and `/oauth/callback/:context`. Add it in a scope of its own: it sets how errors look there. */
export function addConnectRoutes(app: FastifyInstance, options: ConnectRoutesOptions): void {
  const { connecting } = options;
  const placeOf = rememberPlace();
  const place = (): Place => placeOf(options.baseUrl);
  readForms(app);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(answerHeaders);
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, isFault, ...words } = connectFailure(error, request.id, options.production);
    // A person who is told that we failed asks whoever runs this, who has the log alone.
    if (isFault || status >= 500)
      request.log.error({ requestId: request.id, failure: describeFailure(error) }, 'A request of a browser failed');
    return sendPage(reply.code(status), errorPage(words));
  });

  app.get<ConnectRequest>('/connect/:connector', ownHead, async (request, reply) => {
    const { connector } = request.params;
    const query = queryOf(request);
    const { cookie, path } = place();
    if (!query.has('session')) {
      const step = await begin(connector, query, request, options.beginHere);
      return sendStep(reply, step, { path, session: '', isPost: false });
    }
    const session = sessionOf(query);
    const browser = cookie.read(request.headers.cookie);
    if (browser === undefined)
      return sendCookie(reply, cookie, query, `${path}/connect/${encodeURIComponent(connector)}`);
    const step = await connecting.openSession(connector, session, browser);
    return sendStep(reply, step, { path, session, isPost: false });
  });

  app.post<ConnectRequest>('/connect/:connector', { bodyLimit: maxFormBytes }, async (request, reply) => {
    const { cookie, origin, path } = place();
    refuseOtherOrigins(request, origin);
    const form = formOf(request);
    const session = sessionOf(form);
    const browser = cookie.read(request.headers.cookie);
    if (browser === undefined) throw noSession('The form was posted without the cookie of the browser that opened it.');
    const step = await connecting.submitSession(request.params.connector, session, browser, valuesOf(form));
    return sendStep(reply, step, { path, session, isPost: true });
  });

  app.get<CallbackRequest>('/oauth/callback/:context', ownHead, async (request, reply) => {
    const { cookie, path } = place();
    const browser = cookie.read(request.headers.cookie);
    const step = await connecting.returnFromProvider(request.params.context, queryOf(request), browser);
    return sendStep(reply, step, { path, session: '', isPost: false });
  });

  // `response_mode=form_post`: a post from another site brings no cookie (SameSite=Lax), the GET that follows does.
  app.post<CallbackRequest>('/oauth/callback/:context', { bodyLimit: maxFormBytes }, (request, reply) => {
    const answer = new URLSearchParams([...formOf(request)].filter(([name]) => answerParameters.has(name)));
    const { path } = place();
    return reply.redirect(
      `${path}/oauth/callback/${encodeURIComponent(request.params.context)}?${answer.toString()}`,
      303,
    );
  });

  refuseOtherMethods(app, ['/connect/:connector', '/oauth/callback/:context']);
}

/**
 * Opened without a session: begins where that is allowed, by a person who typed the link or clicked it in our explorer.
 * A page of another site that sends a browser here begins nothing.
 */
function begin(
  connector: string,
  query: URLSearchParams,
  request: FastifyRequest,
  beginHere: BeginHere | undefined,
): Promise<BrowserStep> {
  const { 'sec-fetch-site': site = 'none' } = request.headers;
  const isForeign = site !== 'none' && site !== 'same-origin';
  if (!beginHere || isForeign) {
    const reason = beginHere
      ? 'Another site opened this link, which begins nothing: enter it in the address bar.'
      : 'The link has no session token: the mutation connect gives one that has.';
    throw new AuthorizationError('SESSION_MISSING', reason);
  }
  const scopes = (query.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  return beginHere(connector, scopes);
}

interface ConnectRequest {
  Params: { connector: string };
}
interface CallbackRequest {
  Params: { context: string };
}

/** What `baseUrl` means for cookies, redirects and the check of the origin. */
interface Place {
  readonly cookie: BrowserCookie;
  readonly origin: string;
  /** Path under which a proxy serves us, without the last slash. */
  readonly path: string;
}

function rememberPlace(): (baseUrl: string) => Place {
  let latest: { readonly baseUrl: string; readonly place: Place } | undefined;
  return (baseUrl) => {
    if (latest?.baseUrl !== baseUrl) {
      const { origin, pathname } = new URL(baseUrl);
      latest = { baseUrl, place: { cookie: browserCookie(baseUrl), origin, path: pathname.replace(/\/+$/, '') } };
    }
    return latest.place;
  };
}

/** HEAD is refused below: who only looks at a link, such as a mail scanner, must not open the session. */
const ownHead = { exposeHeadRoute: false };

const maxFormBytes = 64 * 1024;
const maxValueBytes = 8 * 1024;
const maxSessionLength = 512;

/** RFC 6749 §4.1.2, RFC 9207, JARM; others, such as tokens of a hybrid flow, do not belong in a URL. */
const answerParameters: ReadonlySet<string> = new Set([
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'response',
]);

/** The session token and the code stand in URLs: nothing may keep the answer, nor be told where the browser was. */
const answerHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
};

/** Only forms are read here. */
function readForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)));
  });
}

function formOf(request: FastifyRequest): URLSearchParams {
  return request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
}

function queryOf(request: FastifyRequest): URLSearchParams {
  const start = request.url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : request.url.slice(start + 1));
}

function sessionOf(parameters: URLSearchParams): string {
  const [session, second] = parameters.getAll('session');
  if (!session || second !== undefined || session.length > maxSessionLength) {
    throw noSession('The link has no session token, or one that cannot be ours.');
  }
  return session;
}

function noSession(reason: string): AuthorizationError {
  return new AuthorizationError('SESSION_INVALID', `${reason} Begin again with the mutation connect.`);
}

/** By name of the field; what was posted several times under one name, as check boxes are, stands one a line. */
function valuesOf(form: URLSearchParams): Readonly<Record<string, string>> {
  const values: Record<string, string> = Object.create(null);
  for (const [control, value] of form) {
    if (!control.startsWith('field.')) continue;
    const name = control.slice('field.'.length);
    const text = value.replaceAll('\r\n', '\n');
    const earlier = values[name];
    values[name] = earlier === undefined ? text : `${earlier}\n${text}`;
    if (Buffer.byteLength(values[name]) > maxValueBytes) {
      throw new InputError(
        'BODY_TOO_LARGE',
        `The value of a field is longer than ${maxValueBytes} bytes. Enter a shorter one.`,
      );
    }
  }
  return values;
}

/**
 * A first visit gets the cookie and comes again. So it is known before anything begins that the browser keeps cookies, and
 * programs that look at links in messages (previews, virus scanners) do not use up the session: they keep none.
 */
function sendCookie(reply: FastifyReply, cookie: BrowserCookie, query: URLSearchParams, path: string): FastifyReply {
  if (query.has('again')) {
    throw new AuthorizationError(
      'COOKIE_REQUIRED',
      'The browser did not send the cookie that it was just given. Allow cookies for this site.',
    );
  }
  query.set('again', '1');
  return reply.header('set-cookie', cookie.make().header).redirect(`${path}?${query.toString()}`, 303);
}

/**
 * Only our own page may post: browsers say where a post comes from in `Origin`, and in `Sec-Fetch-Site` (safety A6).
 *
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
function refuseOtherOrigins(request: FastifyRequest, origin: string): void {
  const { origin: from, 'sec-fetch-site': site } = request.headers;
  const isOurs = from === origin && (site === undefined || site === 'same-origin');
  if (isOurs) return;
  throw new AuthorizationError(
    'ORIGIN_REFUSED',
    `A form of the connect page can be posted only from ${origin}. Open the link in the application again.`,
  );
}

function sendStep(
  reply: FastifyReply,
  step: BrowserStep,
  { path, session, isPost }: { readonly path: string; readonly session: string; readonly isPost: boolean },
): FastifyReply {
  switch (step.step) {
    case 'form': {
      const action = `${path}/connect/${encodeURIComponent(step.connector.name)}`;
      // With `no-referrer` browsers would post the form with `Origin: null`; to other origins this tells as little.
      reply.header('referrer-policy', 'same-origin');
      const hasProblems = Object.keys(step.problems).length > 0;
      return sendPage(reply.code(hasProblems ? 422 : 200), formPage(step, { action, session }));
    }
    case 'provider':
    case 'return':
      return isPost ? sendPage(reply, onwardPage(step.url)) : reply.redirect(step.url, 303);
    case 'end':
      return sendPage(reply, endPage(step));
  }
}

function sendPage(reply: FastifyReply, { text, policy }: Page): FastifyReply {
  return reply.headers({ 'content-security-policy': policy }).type('text/html; charset=utf-8').send(text);
}

function refuseOtherMethods(app: FastifyInstance, urls: readonly string[]): void {
  for (const url of urls) {
    app.route({
      method: ['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url,
      handler: (request, reply) => {
        reply.header('allow', 'GET, POST');
        throw new InputError('METHOD_NOT_ALLOWED', `This path takes GET and POST; got ${request.method}.`);
      },
    });
  }
}
