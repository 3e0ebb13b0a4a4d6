/** Takes secrets out of what is recorded: the credentials of a request by construction, and what is called like one wherever it stands. */
import type { OutgoingRequest } from '../http/wire.ts';

/** Stands for every secret. */
export const scrubbed = '[scrubbed]';

/** Names under which nobody writes anything but a secret: of parameters, of keys in bodies. */
const tellingName =
  /^(?:.*[_-])?(?:password|passwd|secret|client_?secret|token|access_?token|refresh_?token|id_?token|api_?key|app_?key|appid|private_?key|authorization|cookie|session|signature|code_verifier)$/i;

/** Headers of an answer that say something of it; others are of the moment, of the wire or of a session. */
const keptAnswerHeaders: ReadonlySet<string> = new Set(['content-type', 'etag', 'link', 'location', 'retry-after']);
const keptRequestHeaders: ReadonlySet<string> = new Set(['accept', 'content-type']);

/** Shorter values stand everywhere by chance. */
const shortestSecret = 4;

/** One for each cassette: what was once seen as a secret is taken out of everything that follows. */
export class Scrubber {
  readonly #secrets = new Set<string>();

  /** @param secrets - values that are known to be secret, such as those of a connection's fields. */
  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.learn(secret);
  }

  learn(value: unknown): void {
    if (typeof value !== 'string' || value.length < shortestSecret || value === scrubbed) return;
    for (const written of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
      this.#secrets.add(written);
  }

  /** What `apply` added to a request, in headers and parameters. */
  learnCredentials({ headers, url, credentials }: OutgoingRequest): void {
    for (const name of credentials.headers) {
      const value = headers[name];
      if (value === undefined) continue;
      const [scheme = '', ...rest] = value.split(' ');
      this.learn(rest.length > 0 ? rest.join(' ') : scheme);
      if (/^basic$/i.test(scheme)) {
        const [, password] = /:(.*)$/s.exec(Buffer.from(rest.join(' '), 'base64').toString('utf8')) ?? [];
        this.learn(password);
      }
    }
    for (const name of credentials.params) for (const value of url.searchParams.getAll(name)) this.learn(value);
  }

  url(url: URL): string {
    const copy = new URL(url);
    for (const name of new Set(copy.searchParams.keys())) {
      if (tellingName.test(name)) copy.searchParams.set(name, scrubbed);
    }
    copy.username = '';
    copy.password = '';
    return this.text(copy.href).replaceAll(encodeURIComponent(scrubbed), scrubbed);
  }

  requestHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
    return this.#headers(headers, keptRequestHeaders);
  }

  answerHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
    return this.#headers(headers, keptAnswerHeaders);
  }

  /** JSON as it is parsed, a form or other text as text, anything else in base64. */
  body(bytes: Uint8Array | string | undefined, contentType = ''): unknown {
    if (bytes === undefined || bytes.length === 0) return undefined;
    const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8');
    if (text.includes('\uFFFD')) return { base64: Buffer.from(bytes).toString('base64') };
    if (/x-www-form-urlencoded/.test(contentType)) return this.text(this.#form(text));
    const json = parsed(text);
    return json === undefined ? this.text(text) : this.#value(json);
  }

  text(text: string): string {
    let clean = text;
    for (const secret of [...this.#secrets].toSorted((a, b) => b.length - a.length))
      clean = clean.replaceAll(secret, scrubbed);
    return clean;
  }

  #headers(headers: Readonly<Record<string, string>>, kept: ReadonlySet<string>): Record<string, string> {
    const names = Object.keys(headers)
      .filter((name) => kept.has(name))
      .toSorted();
    return Object.fromEntries(names.map((name) => [name, this.text(headers[name]!)]));
  }

  #form(text: string): string {
    const form = new URLSearchParams(text);
    for (const name of new Set(form.keys())) {
      if (!tellingName.test(name)) continue;
      this.learn(form.get(name));
      form.set(name, scrubbed);
    }
    return form.toString().replaceAll(encodeURIComponent(scrubbed), scrubbed);
  }

  #value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.#value(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => {
        if (!tellingName.test(name) || typeof item !== 'string') return [name, this.#value(item)];
        this.learn(item);
        return [name, scrubbed];
      }),
    );
  }
}

/** Numbers that a double would round stay text, and so the body does. */
function parsed(text: string): unknown {
  if (/\d{16,}/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
