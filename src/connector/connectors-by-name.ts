/** Connectors by their names: those that are loaded, and those that are made of a name when it is asked for. */
import type { Connector } from './definition.ts';

/** Makes the connector of a name, always the same object for the same name; `undefined` for names that are not its own. */
export type MakeConnector = (name: string) => Connector | undefined;

/**
 * Only what is loaded is listed, and is known by `has`: what is made of its name is there for whoever registered it, and
 * whoever asks for it without having registered it finds a connector that leads nowhere.
 */
export function connectorsByName(
  loaded: readonly Connector[],
  make: MakeConnector = () => undefined,
): ReadonlyMap<string, Connector> {
  return new ConnectorsByName(loaded, make);
}

class ConnectorsByName extends Map<string, Connector> {
  readonly #make: MakeConnector;

  constructor(loaded: readonly Connector[], make: MakeConnector) {
    super();
    this.#make = make;
    for (const connector of loaded) this.set(connector.name, connector);
  }

  override get(name: string): Connector | undefined {
    return super.get(name) ?? this.#make(name);
  }
}
