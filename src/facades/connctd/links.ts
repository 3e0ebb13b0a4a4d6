/** Links of connctd's interface; each resolves with the same credentials. */

export interface Link {
  readonly href: string;
}

export type LinkTo = (...segments: readonly (string | number)[]) => Link;

/** @param baseUrl - of the gateway; it may have a path, which stays. */
export function linksFrom(baseUrl: string): LinkTo {
  const base = `${baseUrl.replace(/\/+$/, '')}/api/v1`;
  return (...segments) => ({ href: [base, ...segments.map((segment) => encodeURIComponent(segment))].join('/') });
}
