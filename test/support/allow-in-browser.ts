/** Plays a user who opens our link and allows at once, at a provider whose sign-in has no pages here. */
import { createCookieJar } from './provider-pages.ts';

export interface Allowed {
  readonly status: number;
  readonly html: string;
  /** What the authorization request asked for; empty where the browser never came to the provider. */
  readonly asked: URLSearchParams;
}

/**
 * Follows the link to the last page, and comes back from the provider with this code.
 *
 * @param origin - of the provider's authorization endpoint.
 * @param onAsked - told of the request before the code is given.
 */
export async function allowInBrowser(
  link: string,
  origin: string,
  code = 'the-code',
  onAsked?: (asked: URLSearchParams) => void,
): Promise<Allowed> {
  const cookies = createCookieJar();
  let asked = new URLSearchParams();
  let url = new URL(link);
  for (;;) {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: cookies.header(url) } });
    cookies.store(url, response);
    const location = response.headers.get('location');
    if (location === null) return { status: response.status, html: await response.text(), asked };
    url = new URL(location, url);
    if (url.origin !== origin) continue;
    asked = url.searchParams;
    onAsked?.(asked);
    const back = new URL(asked.get('redirect_uri') ?? '');
    back.search = new URLSearchParams({ code, state: asked.get('state') ?? '' }).toString();
    url = back;
  }
}
