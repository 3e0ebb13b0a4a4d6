/** A scope of the server: routes with hooks, parsers and an error handler of their own. */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';

/**
 * Registers `scope` under `name`, which faults of the start then say. Without a name Fastify looks for the scope among all
 * modules that are loaded, one after the other.
 *
 * @see https://fastify.dev/docs/latest/Reference/Plugins/
 */
export function registerScope(app: FastifyInstance, name: string, scope: FastifyPluginAsync): void {
  app.register(Object.assign(scope, { [displayName]: name }));
}

const displayName = Symbol.for('fastify.display-name');
