/** Plays the user at the pages of the test authorization server over plain HTTP, with a cookie jar instead of a browser. */

export interface AuthorizeOptions {
  /** Who signs in. `alice` unless told otherwise. */
  readonly subject?: string;
  /** Keeps the sign-in, and the cookies of every origin on the way, for the next call. A new one unless given. */
  readonly cookies?: CookieJar;
  /** The user says no; at the consent page, after having signed in. */
  readonly deny?: boolean;
  /** The scopes that the user leaves ticked. All unless told otherwise. */
  readonly scopes?: readonly string[];
}

export interface CookieJar {
  /** The `cookie` header for a request, `''` without any. */
  readonly header: (url: string | URL) => string;
  /** Keeps what the answer sets. */
  readonly store: (url: string | URL, response: Response) => void;
}

/** A jar that keeps origins apart (ports too, which browsers do not) and heeds paths and deletions. */
export function createCookieJar(): CookieJar {
  const cookies = new Map<string, { origin: string; path: string; pair: string }>();
  return {
    header: (url) => {
      const { origin, pathname } = new URL(url);
      return [...cookies.values()]
        .filter((cookie) => cookie.origin === origin && covers(cookie.path, pathname))
        .map((cookie) => cookie.pair)
        .join('; ');
    },
    store: (url, response) => {
      const { origin } = new URL(url);
      for (const line of response.headers.getSetCookie()) {
        const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
        const path = attribute(attributes, 'path') ?? '/';
        const key = `${origin} ${path} ${pair.slice(0, pair.indexOf('='))}`;
        const isGone =
          Date.parse(attribute(attributes, 'expires') ?? '') <= Date.now() || attribute(attributes, 'max-age') === '0';
        if (isGone) cookies.delete(key);
        else cookies.set(key, { origin, path, pair });
      }
    },
  };
}

function covers(path: string, pathname: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function attribute(attributes: readonly string[], name: string): string | undefined {
  const found = attributes.find((one) => one.toLowerCase().startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

/** Gives the first redirect with which `issuer` sends the user elsewhere. */
export async function followToRedirect(issuer: string, url: string | URL, user: AuthorizeOptions): Promise<URL> {
  const end = await walk(issuer, new URL(url), user);
  if (end instanceof URL) return end;
  throw new Error(`The user did not come back to the client, but ended at ${end.url.href}: ${textOf(end.html)}`);
}

/** Enters the user code and goes through the pages to the last one. */
export async function approveDevice(issuer: string, userCode: string, user: AuthorizeOptions): Promise<void> {
  const end = await walk(issuer, new URL(`/device?user_code=${encodeURIComponent(userCode)}`, issuer), user);
  if (end instanceof URL) throw new Error(`The device flow led elsewhere: ${end.href}`);
  if (pageKind(end.html) !== 'done' && !user.deny) throw new Error(`The device flow ended with: ${textOf(end.html)}`);
}

interface Page {
  readonly url: URL;
  readonly html: string;
}

/** Walks through pages until the issuer sends the user away, or shows a page on which nothing is to be done. */
async function walk(issuer: string, start: URL, user: AuthorizeOptions): Promise<URL | Page> {
  const cookies = user.cookies ?? createCookieJar();
  let url = start;
  let form: URLSearchParams | undefined;
  for (let steps = 0; steps < 20; steps += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: cookies.header(url) },
      ...(form ? { method: 'POST', body: form } : {}),
    });
    cookies.store(url, response);
    const html = await response.text();
    const location = response.headers.get('location');
    if (location !== null) {
      const next = new URL(location, url);
      if (url.origin === issuer && next.origin !== issuer) return next;
      [url, form] = [next, undefined];
      continue;
    }
    const answer = url.origin === issuer ? fillIn({ url, html }, user) : undefined;
    if (!answer) return { url, html };
    [url, form] = [answer.action, answer.form];
  }
  throw new Error(`The pages of ${issuer} go round in circles.`);
}

/** Fills the form of a page, or gives nothing when the page has none for the user. */
function fillIn(page: Page, user: AuthorizeOptions): { action: URL; form: URLSearchParams } | undefined {
  const { subject = 'alice', deny = false } = user;
  const tag = /<form[^>]*>/.exec(page.html)?.[0];
  const kind = pageKind(page.html);
  if (tag === undefined || kind === 'device-input') return undefined;
  const form = hiddenFields(page.html);
  if (kind === 'login') {
    form.set('subject', subject);
    form.set('action', 'login');
  } else if (kind === 'consent') {
    fillInConsent(page, form, subject, deny, user.scopes);
  } else if (kind === 'device-confirm' && deny) {
    form.set('abort', 'yes');
  }
  return { action: new URL(unescapeHtml(valueOf(tag, 'action') ?? page.url.href), page.url), form };
}

function fillInConsent(
  page: Page,
  form: URLSearchParams,
  subject: string,
  deny: boolean,
  scopes: readonly string[] | undefined,
): void {
  const signedIn = unescapeHtml(/data-subject="([^"]*)"/.exec(page.html)?.[1] ?? '');
  if (signedIn !== subject) {
    throw new Error(`These cookies belong to "${signedIn}", not to "${subject}": use another cookie jar.`);
  }
  form.set('action', deny ? 'deny' : 'allow');
  for (const [input] of page.html.matchAll(/<input type="checkbox"[^>]*>/g)) {
    const scope = unescapeHtml(valueOf(input, 'value') ?? '');
    if (!scopes || scopes.includes(scope)) form.append('scope', scope);
  }
}

function hiddenFields(html: string): URLSearchParams {
  const form = new URLSearchParams();
  for (const [input] of html.matchAll(/<input type="hidden"[^>]*>/g)) {
    form.append(valueOf(input, 'name') ?? '', unescapeHtml(valueOf(input, 'value') ?? ''));
  }
  return form;
}

function pageKind(html: string): string | undefined {
  return /data-page="([^"]*)"/.exec(html)?.[1];
}

function valueOf(tag: string, name: string): string | undefined {
  return new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
}

function unescapeHtml(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name: string | undefined) =>
    code === undefined ? (named[name ?? ''] ?? whole) : String.fromCodePoint(Number(code)),
  );
}

function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 500);
}
