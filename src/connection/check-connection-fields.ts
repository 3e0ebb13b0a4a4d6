/** Checks the fields of a configured connection against the notation of its connector. */
import { describe, isPlainObject } from '../connector/check-keys.ts';
import type { ConnectionFields, Connector } from '../connector/definition.ts';
import type { Fault } from '../errors.ts';
import { didYouMean } from '../notation/nearest.ts';

/**
 * The fields with `{ env: 'NAME' }` replaced by what the environment holds. Reports required fields that are absent,
 * fields that the connector does not have, and variables that are not set; values never enter a message.
 */
export function checkConnectionFields(
  connector: Connector,
  given: Readonly<Record<string, unknown>>,
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
  faults: Fault[],
): ConnectionFields {
  const fault = (name: string, message: string) =>
    void faults.push({ code: 'CONFIGURATION_INVALID', path: `${path}.${name}`, message });
  const { fields: notation = [], authorization } = connector.connection ?? {};
  const optionFields =
    authorization?.type === 'multi'
      ? Object.values(authorization.options).flatMap((option) => option.fields ?? [])
      : [];
  const known = [...notation, ...optionFields].map((field) => field.name);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name) && !connector.connection?.extendedFields) {
      fault(
        name,
        `expected one of the fields of ${connector.name}: ${known.join(', ') || 'it has none'}${didYouMean(name, known)}.`,
      );
    }
    if (!isPlainObject(value) || value.env === undefined) {
      fields[name] = value;
    } else if (typeof value.env !== 'string') {
      fault(name, `expected { env: 'NAME' } with the name of a variable; got ${describe(value.env)}.`);
    } else if (!environment[value.env]) {
      fault(name, `expected the environment variable ${value.env} to be set; it is not.`);
      fields[name] = '';
    } else {
      fields[name] = environment[value.env];
    }
  }
  for (const field of notation) {
    const isMissing = fields[field.name] === undefined && field.default === undefined;
    if (field.optional === false && isMissing) {
      fault(
        field.name,
        `expected a value for ${field.label ?? field.name}, which ${connector.name} requires; got nothing.`,
      );
    }
    if (fields[field.name] === undefined && field.default !== undefined) fields[field.name] = field.default;
  }
  return fields;
}
