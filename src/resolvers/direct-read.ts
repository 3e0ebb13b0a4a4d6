/** What most resolvers do for most values, said so that the compiled executor can do it in place: without arguments, context or info. */
import type { GraphQLField, GraphQLFieldResolver } from 'graphql';
import type { Kept } from '../notation/kept-values.ts';

/** Says that this value is not read in place: the resolver has to be asked. */
export const askResolver = Symbol('ask the resolver');

/**
 * Gives what the resolver would give for a source, or `askResolver`. It throws only what the resolver would throw, and does
 * nothing that must not be done twice.
 */
export interface DirectRead {
  readonly read: (source: unknown) => unknown;
  /** Strings, numbers and booleans that it gives are those that the field's scalar would make of them. */
  readonly isFinished: boolean;
  /** The property of a row that is read, and what of it stands in the answer as it is. */
  readonly property?: { readonly name: string; readonly kept: Kept } | undefined;
}

type Resolver = GraphQLFieldResolver<any, any>;

const known = new WeakMap<Resolver, DirectRead>();

/** Says how the values of a resolver can be read. @returns the resolver */
export function withDirectRead<Resolve extends Resolver>(
  resolve: Resolve,
  read: DirectRead['read'],
  { isFinished = false, property }: Partial<Omit<DirectRead, 'read'>> = {},
): Resolve {
  known.set(resolve, { read, isFinished, property });
  return resolve;
}

/** Says of resolvers that they look at their source alone. @returns the resolvers */
export function readingSource<Parts extends Readonly<Record<string, Resolver>>>(parts: Parts): Parts {
  for (const part of Object.values(parts)) withDirectRead(part, part as (source: unknown) => unknown);
  return parts;
}

/** How the values of a field can be read; `undefined` where its resolver has to be asked. */
export function directReadOf({ resolve, name, args }: GraphQLField<unknown, unknown>): DirectRead | undefined {
  if (resolve) return known.get(resolve);
  // Arguments may be wrong, which is found when they are read.
  return args.length === 0 ? { read: (source) => readProperty(source, name), isFinished: false } : undefined;
}

/** As graphql-js reads where a field has no resolver. */
function readProperty(source: unknown, name: string): unknown {
  if ((typeof source !== 'object' || source === null) && typeof source !== 'function') return undefined;
  const property = (source as Readonly<Record<string, unknown>>)[name];
  return typeof property === 'function' ? askResolver : property;
}
