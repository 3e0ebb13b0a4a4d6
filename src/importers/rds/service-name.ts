/** How a service of Sciebo RDS is called as a connector: `port-owncloud` is `rds_port_owncloud`, and back. */

const prefix = 'rds_';

/**
 * The name of the connector: one for each name of a service, so that no two services are one connector. `-` between letters
 * or digits is `_`; every other sign is its code point in hexadecimal between `__`.
 */
export function connectorNameOf(servicename: string): string {
  const signs = Array.from(servicename);
  const isPlain = (sign: string | undefined) => sign !== undefined && /^[a-z0-9]$/.test(sign);
  const written = signs.map((sign, index) => {
    if (isPlain(sign)) return sign;
    if (sign === '-' && isPlain(signs[index - 1]) && isPlain(signs[index + 1])) return '_';
    return `__${sign.codePointAt(0)!.toString(16)}__`;
  });
  return prefix + written.join('');
}

/** The name of the service; `undefined` for names that no service has. */
export function serviceNameOf(connectorName: string): string | undefined {
  if (!connectorName.startsWith(prefix)) return undefined;
  const written = connectorName.slice(prefix.length);
  const name = written.replace(/__([0-9a-f]{1,6})__|_/g, (_part, code: string | undefined) => {
    if (code === undefined) return '-';
    const point = Number.parseInt(code, 16);
    return point <= 0x10_ff_ff ? String.fromCodePoint(point) : '';
  });
  // Every name is written in one way alone.
  return name !== '' && connectorNameOf(name) === connectorName ? name : undefined;
}
