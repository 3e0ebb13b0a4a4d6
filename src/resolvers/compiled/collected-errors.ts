/** The errors of one execution, and which places of its answer they have made null. */
import type { GraphQLError, GraphQLResolveInfo } from 'graphql';

/** A place in the answer; places below it refer to it, so each place is one object. */
export type Path = GraphQLResolveInfo['path'];

/**
 * Collects as graphql-js does: an error at a place that is null already, for an earlier error at it or above it, is not
 * told.
 */
export class CollectedErrors {
  readonly all: GraphQLError[] = [];
  #nulled: Set<Path | undefined> | undefined;

  /** @param path - the place that the error makes null; `undefined`: the whole answer. */
  add(error: GraphQLError, path: Path | undefined): void {
    const nulled = (this.#nulled ??= new Set());
    if (nulled.has(undefined)) return;
    for (let place = path; place !== undefined; place = place.prev) if (nulled.has(place)) return;
    nulled.add(path);
    this.all.push(error);
  }
}
