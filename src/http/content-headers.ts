/** Headers of a content that leaves for a browser: whatever a provider says of it, it is saved, and never shown or run. */
import type { Content } from '../content.ts';

/**
 * Gives the headers. The media type is the provider's where it is one; the name is the file's, as RFC 6266 has it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6266#appendix-D
 */
export function contentHeaders({ size, mediaType, name }: Content): Record<string, string> {
  return {
    'content-type':
      mediaType !== undefined && mediaTypePattern.test(mediaType) ? mediaType : 'application/octet-stream',
    'content-disposition': disposition(name),
    ...(size === undefined ? {} : { 'content-length': String(size) }),
    'accept-ranges': 'none',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'cross-origin-resource-policy': 'same-site',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}

/** Without parameters: a charset or a boundary would steer whoever reads it. */
const mediaTypePattern = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/;

function disposition(name: string | undefined): string {
  const clean = cleanName(name);
  if (clean === '') return 'attachment';
  const plain = clean.replaceAll(/[^ \w.()-]/g, '_');
  const encoded = encodeURIComponent(clean).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  return plain === clean
    ? `attachment; filename="${plain}"`
    : `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** The last part of a path, without what no file system takes and what turns the direction of writing. */
function cleanName(name = ''): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  // oxlint-disable-next-line no-control-regex
  const shown = last.replaceAll(/[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu, '').trim();
  return /^\.*$/.test(shown) ? '' : shown.slice(-longestName);
}

const longestName = 200;
