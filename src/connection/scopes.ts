/** What a caller may do: scopes per kind of operation, each for all connectors or for one. What no scope allows is denied. */
import { CallerError, InputError } from '../errors.ts';
import { didYouMean } from '../notation/nearest.ts';

/** Kinds of operations, and what `plugboard.<kind>` allows. */
export const operationKinds = {
  read: 'Ask for what a connector reads: fields of Query, and joins.',
  write: 'Ask for what changes something at a provider: fields of Mutation.',
  subscribe: 'Be told what happens at a provider: fields of Subscription.',
  connect: 'Manage the connections of the subject: connect, reconnect, test, disconnect, list.',
  admin: 'Manage registrations, and the connections that belong to the tenant.',
  subjects: 'Name the subject for whom one asks (X-External-Subject-Id).',
  introspect: 'Ask for the schema, where the gateway does not show it to everybody.',
} as const;

export type OperationKind = keyof typeof operationKinds;

/**
 * The scopes of connctd, as its glossary writes them.
 *
 * @see https://docs.connctd.io/glossary/scopes
 */
export const connctdScopes = [
  'connctd.connector',
  'connctd.core',
  'connctd.subjects.read',
  'connctd.things.action',
  'connctd.things.read',
  'connctd.units.admin',
  'connctd.units.read',
] as const;

/** Scopes of one caller; ask `allows` or `hasScope`, not the set. */
export type Scopes = ReadonlySet<string>;

/** May do everything: the caller of `--insecure-dev`, and of nothing else. Known by identity: asking it costs nothing. */
export const everyScope: Scopes = new Set(['*']);

/** Whether this very scope is among them. */
export function hasScope(scopes: Scopes, scope: string): boolean {
  return scopes === everyScope || scopes.has(scope);
}

/**
 * Whether an operation of this kind is allowed: by `plugboard.<kind>`, or for one connector by
 * `plugboard.<kind>:<connector>`. No kind contains another: who may write may not therefore read.
 */
export function allows(scopes: Scopes, kind: OperationKind, connector?: string): boolean {
  if (scopes === everyScope) return true;
  const scope = scopeOf(kind);
  return scopes.has(scope) || (connector !== undefined && scopes.has(`${scope}:${connector}`));
}

/** What allows managing a connection: `connect` for a subject's own, `admin` for one of the tenant, whose subject is `null`. */
export function managingKind(subject: string | null | undefined): OperationKind {
  return subject === null ? 'admin' : 'connect';
}

/** Whether it is allowed for one connector at least; whoever relies on it asks `allows` again once the connector is known. */
export function allowsSome(scopes: Scopes, kind: OperationKind): boolean {
  if (allows(scopes, kind)) return true;
  const start = `${scopeOf(kind)}:`;
  for (const scope of scopes) if (scope.startsWith(start)) return true;
  return false;
}

/** `plugboard.read`, or `plugboard.read:github`. */
export function scopeOf(kind: OperationKind, connector?: string): string {
  return connector === undefined ? `plugboard.${kind}` : `plugboard.${kind}:${connector}`;
}

/** What a caller is told that is known and lacks this scope. */
export function forbidden(scope: string, connector?: string): CallerError {
  const message = `This needs the scope ${scope}, which these credentials do not have.`;
  return new CallerError('FORBIDDEN', message, { scope, ...(connector !== undefined && { connector }) });
}

/** Whether who has `scopes` has this one as well: as it is written, or for all connectors. */
export function covers(scopes: Scopes, scope: string): boolean {
  if (hasScope(scopes, scope)) return true;
  const narrowed = narrowedPattern.exec(scope);
  return narrowed !== null && scopes.has(narrowed[1]!);
}

/** Whether it is a scope of this gateway; connectors that are not (yet) loaded may be named. */
export function isScope(scope: string): boolean {
  return wideScopes.has(scope) || narrowedPattern.test(scope);
}

/**
 * Reads scopes that somebody wants to give: each once, in the order of the alphabet.
 *
 * @throws InputError SCOPE_UNKNOWN with every scope that this gateway does not know.
 */
export function checkScopes(scopes: readonly string[]): readonly string[] {
  const unknown = scopes.filter((scope) => !isScope(scope));
  if (unknown.length === 0) return [...new Set(scopes)].sort();
  const named = unknown.map((scope) => `${JSON.stringify(scope)}${didYouMean(scope, wideScopes)}`).join(', ');
  const known = [...wideScopes].join(', ');
  const message = `Expected scopes of this gateway: ${known}; those of ${narrowable.join(', ')} may end in ":<connector>". Got ${named}.`;
  throw new InputError('SCOPE_UNKNOWN', message);
}

/** Kinds that concern one connector at a time. */
const narrowable = ['read', 'write', 'subscribe', 'connect', 'admin'] as const satisfies readonly OperationKind[];
const narrowedPattern = new RegExp(`^(plugboard\\.(?:${narrowable.join('|')})):[A-Za-z][A-Za-z0-9_]*$`);

const wideScopes: ReadonlySet<string> = new Set([
  ...(Object.keys(operationKinds) as OperationKind[]).map((kind) => scopeOf(kind)),
  ...connctdScopes,
]);
