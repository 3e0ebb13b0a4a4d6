/** Refuses fields that the caller's scopes do not allow: each alone, so that its neighbours still answer. */
import type { GraphQLFieldResolver } from 'graphql';
import type { Caller } from '../connection/caller.ts';
import { CallerError } from '../errors.ts';
import { allows, allowsSome, everyScope, scopeOf, type OperationKind } from '../connection/scopes.ts';

/** @throws CallerError FORBIDDEN, with the scope that is missing. */
export function requireScope(caller: Pick<Caller, 'scopes'>, kind: OperationKind, connector?: string): void {
  if (caller.scopes === everyScope || allows(caller.scopes, kind, connector)) return;
  const scope = scopeOf(kind, connector);
  const message = `This needs the scope ${scope}, which the caller does not have.`;
  throw new CallerError('FORBIDDEN', message, { scope, ...(connector !== undefined && { connector }) });
}
