/** How the connections of a connector prove who they are. */
import type { Authorization, Connector } from './definition.ts';

export function authorizationType({ connection }: Connector): Authorization['type'] {
  return connection?.authorization?.type ?? 'none';
}
