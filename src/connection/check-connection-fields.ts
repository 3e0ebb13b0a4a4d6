/** Checks the fields of a configured connection against the notation of its connector. */
import { describe, describeKind, isPlainObject } from '../connector/check-keys.ts';
import type { ConnectionFields, Connector, MultiAuthorization } from '../connector/definition.ts';
import type { Fault } from '../errors.ts';
import type { Notation } from '../notation/field.ts';
import { didYouMean } from '../notation/nearest.ts';

/** Tells a fault of the fields, or of one of them. */
type TellFault = (message: string, name?: string) => void;

/**
 * The fields with `{ env: 'NAME' }` replaced by what the environment holds. Reports required fields that are absent, those
 * of the chosen option of `multi` included, fields that the connector does not have, and variables that are not set;
 * values never enter a message.
 */
export function checkConnectionFields(
  connector: Connector,
  given: Readonly<Record<string, unknown>>,
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
  faults: Fault[],
): ConnectionFields {
  const faultsBefore = faults.length;
  const fault: TellFault = (message, name) =>
    void faults.push({ code: 'CONFIGURATION_INVALID', path: name === undefined ? path : `${path}.${name}`, message });
  const { fields: notation = [], authorization } = connector.connection ?? {};
  refuseUnknownFields(connector, Object.keys(given), fault);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const read = readValue(value, environment, (message) => fault(message, name));
    if (read !== undefined) fields[name] = read;
  }
  completeFields(notation, fields, connector, fault);
  // Whoever has not entered the common fields rightly has not chosen yet.
  if (authorization?.type === 'multi' && faults.length === faultsBefore) {
    const chosen = chosenOption(authorization, fields, connector, fault);
    completeFields(chosen?.fields ?? [], fields, connector, fault);
  }
  return fields;
}

function refuseUnknownFields({ name: connectorName, connection }: Connector, given: string[], fault: TellFault): void {
  if (connection?.extendedFields) return;
  const { fields = [], authorization } = connection ?? {};
  const options = authorization?.type === 'multi' ? Object.values(authorization.options) : [];
  const known = [...fields, ...options.flatMap((option) => option.fields ?? [])].map((field) => field.name);
  for (const name of given) {
    if (known.includes(name)) continue;
    const listed = known.join(', ') || 'it has none';
    fault(`expected one of the fields of ${connectorName}: ${listed}${didYouMean(name, known)}.`, name);
  }
}

function readValue(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  fault: TellFault,
): unknown {
  if (!isPlainObject(value) || value.env === undefined) return value;
  if (typeof value.env !== 'string') {
    fault(`expected { env: 'NAME' } with the name of a variable; got ${describe(value.env)}.`);
    return undefined;
  }
  const found = environment[value.env];
  if (!found) fault(`expected the environment variable ${value.env} to be set; it is not.`);
  return found ?? '';
}

/** Fills in defaults, and reports required fields that are absent. */
function completeFields(
  notation: Notation,
  fields: Record<string, unknown>,
  connector: Connector,
  fault: TellFault,
): void {
  for (const field of notation) {
    if (fields[field.name] !== undefined) continue;
    if (field.default !== undefined) {
      fields[field.name] = field.default;
    } else if (field.optional === false) {
      const message = `expected a value for ${field.label ?? field.name}, which ${connector.name} requires; got nothing.`;
      fault(message, field.name);
    }
  }
}

function chosenOption(
  { selected, options }: MultiAuthorization,
  fields: ConnectionFields,
  connector: Connector,
  fault: TellFault,
): { readonly fields?: Notation } | undefined {
  const known = Object.keys(options).join(', ');
  try {
    const choice: unknown = selected(fields);
    if (typeof choice === 'string' && Object.hasOwn(options, choice)) return options[choice];
    const got = typeof choice === 'string' ? 'another' : describeKind(choice);
    fault(`expected fields that choose one of the authorizations of ${connector.name}: ${known}; got ${got}.`);
  } catch (error) {
    // Its message may hold what was entered.
    const name = error instanceof Error ? error.name : describeKind(error);
    fault(
      `expected fields that choose one of the authorizations of ${connector.name}: ${known}; choosing ended with ${name}.`,
    );
  }
  return undefined;
}
