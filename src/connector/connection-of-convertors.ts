/** The connection that a method is given as a convertor: values are converted at once, so nothing can be sent. */
import { GatewayError } from '../errors.ts';
import type { Connector, OpenConnection } from './definition.ts';

/** A connection without fields whose verbs fail with CONNECTOR_ERROR; other methods can be called. */
export function connectionOfConvertors(connector: Connector): OpenConnection {
  const known = connections.get(connector);
  if (known) return known;
  const name = connector.title ?? connector.name;
  const fail = (message: string): never => {
    throw new GatewayError('CONNECTOR_ERROR', message, { connector: connector.name });
  };
  const refuse = () => fail(`${name}: a convertor cannot send requests; do it in execute.`);
  const connection: OpenConnection = {
    fields: {},
    get: refuse,
    head: refuse,
    options: refuse,
    post: refuse,
    put: refuse,
    patch: refuse,
    delete: refuse,
    copy: refuse,
    move: refuse,
    request: refuse,
    call: (method, ...args) => {
      const found = connector.methods?.[method];
      return found ? found(connection, ...args) : fail(`${name}: call(${JSON.stringify(method)}) names no method.`);
    },
    parallel: refuse,
    error: fail,
    signal: new AbortController().signal,
  };
  connections.set(connector, connection);
  return connection;
}

const connections = new WeakMap<Connector, OpenConnection>();
