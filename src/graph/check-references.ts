/** Checks references that nothing is joined by: in what is taken as input, and in objects that nobody answers. */
import type { Connector, NotationSource } from '../connector/definition.ts';
import type { Notation } from '../notation/field.ts';
import type { Entities } from './entities.ts';
import { Shapes } from './shape.ts';

/** Reports every reference to nothing; those in outputs also when they are joined, which tells the same once. */
export function checkReferences(connectors: readonly Connector[], entities: Entities): void {
  for (const connector of connectors) checkConnectorReferences(connector, entities);
}

function checkConnectorReferences(connector: Connector, entities: Entities): void {
  const shapes = new Shapes(connector);
  // Fields in place may hold themselves.
  const seen = new Set<Notation>();
  const visit = (notation: Notation, path: string): void => {
    if (seen.has(notation)) return;
    seen.add(notation);
    notation.forEach((field, index) => {
      const at = `${path}[${index}]`;
      if (field.references !== undefined) entities.target(connector, field, at);
      const { shape } = shapes.ofField(field);
      if (shape.kind === 'inline') visit(shape.fields, `${at}.properties`);
    });
  };
  const visitSource = (source: NotationSource | undefined, path: string): void => {
    const shape = shapes.ofSource(source);
    if (shape.kind === 'inline') visit(shape.fields, path);
  };
  for (const [name, object] of Object.entries(connector.objects ?? {})) {
    visit(object.fields, `${connector.name}.objects.${name}.fields`);
  }
  for (const kind of ['actions', 'triggers'] as const) {
    for (const [name, { input }] of Object.entries(connector[kind] ?? {})) {
      visitSource(input, `${connector.name}.${kind}.${name}.input`);
    }
  }
}
