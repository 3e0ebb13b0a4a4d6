/** Compares what a provider was recorded to say with what GraphQL answers, field by field. */
import type { Connector } from '../../src/connector/definition.ts';
import { fieldName, screamingSnakeCase } from '../../src/notation/field-name.ts';
import type { Field, Notation, ObjectDefinition } from '../../src/notation/field.ts';

type Row = Readonly<Record<string, any>>;

/** A selection of every declared field that the recorded rows have, nested as they are nested. */
export function selectRecorded(connector: Connector, notation: Notation, recorded: readonly Row[]): string {
  const parts = notation.flatMap((field) => {
    const values = recorded.filter((row) => Object.hasOwn(row, field.name)).map((row) => row[field.name]);
    if (values.length === 0) return [];
    const nested = nestedFields(connector, field);
    if (!nested) return [fieldName(field)];
    const rows = values.flat().filter((value) => value !== null);
    return [`${fieldName(field)} ${rows.length > 0 ? selectRecorded(connector, nested, rows) : '{ __typename }'}`];
  });
  return `{ ${parts.join(' ')} }`;
}

/** Where the answer differs from the recorded row, as `path: recorded …, answered …`; empty when nothing differs. */
export function differences(
  connector: Connector,
  object: Pick<ObjectDefinition, 'fields' | 'key'>,
  recorded: Row,
  answered: Row,
  path = '',
): string[] {
  return object.fields.flatMap((field) => {
    if (!Object.hasOwn(recorded, field.name)) return [];
    const at = `${path}${field.name}`;
    const [was, is] = [recorded[field.name], answered[fieldName(field)]];
    const nested = nestedFields(connector, field);
    if (!nested || was === null) return isSame(field, field.name === object.key, was, is) ? [] : [tell(at, was, is)];
    const definition = { fields: nested, key: nestedKey(connector, field) };
    if (!Array.isArray(was)) return is ? differences(connector, definition, was, is, `${at}.`) : [tell(at, was, is)];
    if (!Array.isArray(is) || is.length !== was.length) return [tell(at, was, is)];
    return was.flatMap((row, index) => differences(connector, definition, row, is[index], `${at}[${index}].`));
  });
}

/** Keys of the recorded row that the notation does not declare. */
export function undeclared(connector: Connector, notation: Notation, recorded: Row, path = ''): string[] {
  return Object.entries(recorded).flatMap(([name, value]) => {
    const field = notation.find((candidate) => candidate.name === name);
    if (!field) return [`${path}${name}`];
    const nested = nestedFields(connector, field);
    if (!nested) return [];
    const rows = [value].flat().filter((row) => row !== null);
    return rows.flatMap((row) => undeclared(connector, nested, row, `${path}${name}.`));
  });
}

function isSame(field: Field, isKey: boolean, was: any, is: any): boolean {
  if (was === null || was === undefined) return is === null;
  if (isKey || field.references !== undefined) return is === String(was);
  if (Array.isArray(field.pickList)) return is === screamingSnakeCase(String(was));
  if (field.type === 'date_time') return Date.parse(is) === Date.parse(was);
  if (field.format !== undefined) return String(is) === String(was);
  return JSON.stringify(is) === JSON.stringify(was);
}

function tell(path: string, was: unknown, is: unknown): string {
  return `${path}: recorded ${JSON.stringify(was)}, answered ${JSON.stringify(is)}`;
}

function nestedObject(connector: Connector, field: Field): Notation | ObjectDefinition | undefined {
  const source = typeof field.of === 'object' ? field.of : field.properties;
  return typeof source === 'string' ? connector.objects?.[source] : source;
}

function nestedFields(connector: Connector, field: Field): Notation | undefined {
  const nested = nestedObject(connector, field);
  return nested === undefined || Array.isArray(nested) ? nested : (nested as ObjectDefinition).fields;
}

function nestedKey(connector: Connector, field: Field): string | undefined {
  const nested = nestedObject(connector, field);
  return nested && 'key' in nested ? nested.key : undefined;
}
