/** Whether a client wants to be told what its operation asked of the providers: `extensions: { upstream: true }` of its request. */

export function asksForUpstream(extensions: unknown): boolean {
  return (
    typeof extensions === 'object' && extensions !== null && (extensions as { upstream?: unknown }).upstream === true
  );
}
