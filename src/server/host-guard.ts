/** Keeps foreign names from pointing at this machine: a page whose name was made to resolve to loopback is refused. */

const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Gives the check of the Host header.
 *
 * Without it a page on `evil.example`, whose name the attacker lets resolve to 127.0.0.1 (DNS rebinding), is of the
 * same origin as the gateway for the browser, and neither CORS nor the CSRF check stands between.
 *
 * @param listenHost - where the server listens. Beyond loopback the names by which it is known are not known here, so
 * nothing is checked unless `allowedHosts` names them.
 * @param allowedHosts - host names without port, beside the loopback names.
 * @param publicUrl - where browsers and providers reach the gateway; its host name is allowed too.
 */
export function hostGuard(
  listenHost: string,
  allowedHosts: readonly string[] | undefined,
  publicUrl?: string,
): (host: string | undefined) => boolean {
  const isLoopback = listenHost === 'localhost' || listenHost === '::1' || listenHost.startsWith('127.');
  if (!isLoopback && !allowedHosts) return () => true;
  const publicNames = publicUrl === undefined ? [] : [new URL(publicUrl).hostname];
  const names = [...loopbackNames, listenHost, ...publicNames, ...(allowedHosts ?? [])];
  const allowed = new Set(names.map((name) => name.toLowerCase()));
  // Nearly all requests come by the same name.
  let latestAllowed: string | undefined;
  return (host) => {
    // HTTP/1.0 has no Host; browsers always send one.
    if (host === undefined || host === latestAllowed) return true;
    if (!allowed.has(nameOf(host))) return false;
    latestAllowed = host;
    return true;
  };
}

function nameOf(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}
