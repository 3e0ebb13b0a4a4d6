/** What a dynamic pick list is asked with. */
import type { Connector } from '../connector/definition.ts';
import type { Field } from '../notation/field.ts';

/** The parameters of a pick list are named by the fields that use it; a tree is asked for the children of a choice. */
export function pickListParameters(connector: Connector, name: string): readonly string[] {
  const found = new Set<string>();
  const visit = (fields: unknown): void => {
    if (!Array.isArray(fields)) return;
    for (const field of fields as Field[]) {
      if (field.pickList === name) {
        Object.keys(field.pickListParams ?? {}).forEach((parameter) => found.add(parameter));
        if (field.controlType === 'tree') found.add('__parent_id');
      }
      if (Array.isArray(field.properties)) visit(field.properties);
      if (field.toggleField) visit([field.toggleField]);
    }
  };
  const notations = [
    ...Object.values(connector.objects ?? {}),
    ...[...Object.values(connector.actions ?? {}), ...Object.values(connector.triggers ?? {})].flatMap((part) => [
      part.input,
      part.output,
      part.configFields,
    ]),
    connector.connection?.fields,
  ];
  for (const notation of notations) {
    visit(typeof notation === 'object' && 'fields' in notation ? notation.fields : notation);
  }
  return [...found].sort();
}
