/** A person at the demo: opens a link, signs in at its authorization server, and comes to a last page. */
import { createCookieJar, type CookieJar } from './provider-pages.ts';

export interface DemoVisitor {
  /** Whose name is clicked. */
  readonly user: 'ada' | 'grace';
  /** Clicks "Do not allow". */
  readonly deny?: boolean;
  readonly cookies?: CookieJar;
}

export interface LastPage {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
}

/** Follows redirects and fills in the two forms of the authorization server; ends at any other page. */
export async function visitDemo(link: string | URL, visitor: DemoVisitor): Promise<LastPage> {
  const cookies = visitor.cookies ?? createCookieJar();
  let url = new URL(link);
  let form: URLSearchParams | undefined;
  for (let steps = 0; steps < 15; steps += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: cookies.header(url) },
      ...(form && { method: 'POST', body: form }),
    });
    cookies.store(url, response);
    const html = await response.text();
    const location = response.headers.get('location');
    const action = /<form method="post" action="(\/login|\/consent)">/.exec(html)?.[1];
    if (location === null && action === undefined) return { url, status: response.status, html };
    form = location === null ? fillIn(html, visitor) : undefined;
    url = new URL(location ?? action ?? '', url);
  }
  throw new Error(`The pages of the demo go round in circles, at ${url.origin}${url.pathname}.`);
}

function fillIn(html: string, { user, deny = false }: DemoVisitor): URLSearchParams {
  const form = new URLSearchParams({ request: /name="request" value="([^"]*)"/.exec(html)?.[1] ?? '' });
  if (html.includes('name="user"')) {
    form.set('user', user);
    return form;
  }
  for (const [, scope] of html.matchAll(/name="scope" value="([^"]*)" checked/g)) form.append('scope', scope ?? '');
  form.set('decision', deny ? 'deny' : 'allow');
  return form;
}
