/** Reads which media types a client accepts (RFC 9110 §12.5.1). */

/**
 * Whether the client takes answers of a media type. Without the header it takes all; what it gives `q=0` it does not take.
 *
 * @param accept - the header `Accept`.
 * @param type - e.g. `text/event-stream`, without parameters.
 */
export function acceptsType(accept: string | undefined, type: string): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  const ranges = new Map<string, boolean>();
  for (const each of accept.split(',')) {
    const [range = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    ranges.set(range, !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter)));
  }
  // The most exact range decides.
  return ranges.get(type) ?? ranges.get(`${type.split('/', 1)[0]}/*`) ?? ranges.get('*/*') ?? false;
}

/** Whether a media type is named itself, as by a client that knows what it means. */
export function namesType(accept: string | undefined, type: string): boolean {
  return accept !== undefined && accept.toLowerCase().includes(type) && acceptsType(accept, type);
}
