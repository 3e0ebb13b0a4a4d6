/** A thing, as it is shown: what it is, its components, their properties and what they can be asked to do. */
import { thingIdPattern, thingValueTypes, type ThingValueType } from '../notation/thing.ts';
import { InputError } from '../errors.ts';

export const thingStatuses = ['AVAILABLE', 'UNAVAILABLE', 'UNKNOWN'] as const;
export type ThingStatus = (typeof thingStatuses)[number];

export interface Thing {
  readonly name: string;
  readonly manufacturer: string;
  readonly displayType: string;
  readonly status: ThingStatus;
  readonly mainComponentId: string;
  readonly attributes: readonly ThingAttribute[];
  readonly components: readonly ThingComponent[];
}

/** What is to be known of it and never changes, e.g. a serial number. */
export interface ThingAttribute {
  readonly name: string;
  readonly value: string;
}

export interface ThingComponent {
  readonly id: string;
  readonly name: string;
  readonly componentType: string;
  readonly capabilities: readonly string[];
  readonly properties: readonly ThingProperty[];
  readonly actions: readonly ThingAction[];
}

export interface ThingProperty {
  readonly id: string;
  readonly name: string;
  /** Whatever its type is, as text; `null`: not known. */
  readonly value: string | null;
  readonly unit: string;
  readonly type: ThingValueType;
  readonly propertyType: string;
  /** Milliseconds since 1970; `null`: never. */
  readonly lastUpdate: number | null;
}

export interface ThingAction {
  readonly id: string;
  readonly name: string;
  readonly parameters: readonly ThingParameter[];
}

export interface ThingParameter {
  readonly name: string;
  readonly type: ThingValueType;
  readonly isRequired: boolean;
}

/**
 * A thing that an application describes itself, judged.
 *
 * @param now - milliseconds since 1970, when its values are from.
 * @throws InputError INPUT_INVALID with every fault at once.
 */
export function readThing(given: unknown, now: number): Thing {
  const faults: string[] = [];
  const { text, list, object } = readers(faults);
  const thing = object(given, 'thing');
  const components = list(thing['components'], 'components').map((each, index): ThingComponent => {
    const at = `components[${index}]`;
    const component = object(each, at);
    const properties = list(component['properties'], `${at}.properties`).map((property, place) =>
      readProperty(object(property, `${at}.properties[${place}]`), `${at}.properties[${place}]`, now, faults),
    );
    const actions = list(component['actions'], `${at}.actions`).map((action, place) =>
      readAction(object(action, `${at}.actions[${place}]`), `${at}.actions[${place}]`, faults),
    );
    if (properties.length + actions.length === 0) faults.push(`${at}: expected one property or action at least.`);
    checkIds(properties, `${at}.properties`, faults);
    checkIds(actions, `${at}.actions`, faults);
    const id = text(component['id'], `${at}.id`, 'required');
    return {
      id,
      name: text(component['name'], `${at}.name`) || id,
      componentType: text(component['componentType'], `${at}.componentType`, 'required'),
      capabilities: list(component['capabilities'], `${at}.capabilities`).map((one, place) =>
        text(one, `${at}.capabilities[${place}]`, 'required'),
      ),
      properties,
      actions,
    };
  });
  if (components.length === 0) faults.push('components: expected one component at least.');
  checkIds(components, 'components', faults);
  const mainComponentId = text(thing['mainComponentId'], 'mainComponentId', 'required');
  if (components.length > 0 && !components.some(({ id }) => id === mainComponentId)) {
    faults.push('mainComponentId: expected the id of one of its components.');
  }
  const read: Thing = {
    name: text(thing['name'], 'name', 'required'),
    manufacturer: text(thing['manufacturer'], 'manufacturer'),
    displayType: text(thing['displayType'], 'displayType', 'required'),
    status: readStatus(thing['status'] ?? 'AVAILABLE', faults),
    mainComponentId,
    attributes: list(thing['attributes'], 'attributes').map((each, index) => {
      const attribute = object(each, `attributes[${index}]`);
      return {
        name: text(attribute['name'], `attributes[${index}].name`, 'required'),
        value: text(attribute['value'], `attributes[${index}].value`),
      };
    }),
    components,
  };
  if (faults.length > 0) throw new InputError('INPUT_INVALID', faults.join(' '));
  return read;
}

/** @throws InputError when the text is no value of the type. */
export function checkValue(value: unknown, type: ThingValueType, path: string): string {
  const given = scalarText(value);
  if (given !== undefined && given.length <= maxValueLength && isOfType(given, type)) return given;
  const message = `${path}: expected a ${type === 'STRING' ? `STRING of at most ${maxValueLength} characters` : type}; got another.`;
  throw new InputError('INPUT_INVALID', message);
}

/** @throws InputError */
export function checkStatus(status: unknown): ThingStatus {
  const faults: string[] = [];
  const read = readStatus(status, faults);
  if (faults.length > 0) throw new InputError('INPUT_INVALID', faults.join(' '));
  return read;
}

const maxValueLength = 4_000;

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function isOfType(value: string, type: ThingValueType): boolean {
  if (type === 'BOOLEAN') return value === 'true' || value === 'false';
  return type === 'STRING' || (value.trim() !== '' && Number.isFinite(Number(value)));
}

function readProperty(given: Record<string, unknown>, at: string, now: number, faults: string[]): ThingProperty {
  const { text } = readers(faults);
  const id = text(given['id'], `${at}.id`, 'required');
  const type = readType(given['type'], `${at}.type`, faults);
  const raw = given['value'] ?? '';
  const value = raw === '' ? null : (scalarText(raw) ?? null);
  if (raw !== '' && (value === null || !isOfType(value, type))) faults.push(`${at}.value: expected a ${type}.`);
  return {
    id,
    name: text(given['name'], `${at}.name`) || id,
    value,
    unit: text(given['unit'], `${at}.unit`),
    type,
    propertyType: text(given['propertyType'], `${at}.propertyType`),
    lastUpdate: value === null ? null : now,
  };
}

function readAction(given: Record<string, unknown>, at: string, faults: string[]): ThingAction {
  const { text, list, object } = readers(faults);
  const id = text(given['id'], `${at}.id`, 'required');
  return {
    id,
    name: text(given['name'], `${at}.name`) || id,
    parameters: list(given['parameters'], `${at}.parameters`).map((each, index) => {
      const parameter = object(each, `${at}.parameters[${index}]`);
      return {
        name: text(parameter['name'], `${at}.parameters[${index}].name`, 'required'),
        type: readType(parameter['type'], `${at}.parameters[${index}].type`, faults),
        isRequired: parameter['isRequired'] === true,
      };
    }),
  };
}

function readType(type: unknown, at: string, faults: string[]): ThingValueType {
  const found = thingValueTypes.find((each) => each === type);
  if (!found) faults.push(`${at}: expected one of ${thingValueTypes.join(', ')}.`);
  return found ?? 'STRING';
}

function readStatus(status: unknown, faults: string[]): ThingStatus {
  const found = thingStatuses.find((each) => each === status);
  if (!found) faults.push(`status: expected one of ${thingStatuses.join(', ')}.`);
  return found ?? 'UNKNOWN';
}

function checkIds(parts: readonly { readonly id: string }[], at: string, faults: string[]): void {
  const seen = new Set<string>();
  for (const [index, { id }] of parts.entries()) {
    if (!thingIdPattern.test(id)) faults.push(`${at}[${index}].id: expected 1 to 200 letters, digits, "_" and "-".`);
    if (seen.has(id.toLowerCase())) faults.push(`${at}[${index}].id: expected another than those before it.`);
    seen.add(id.toLowerCase());
  }
}

function readers(faults: string[]) {
  return {
    text: (value: unknown, at: string, presence?: 'required'): string => {
      const isAbsent = value === undefined || value === null || value === '';
      if (isAbsent && presence !== 'required') return '';
      if (typeof value === 'string' && value !== '' && value.length <= maxValueLength) return value;
      faults.push(`${at}: expected a text of 1 to ${maxValueLength} characters.`);
      return '';
    },
    list: (value: unknown, at: string): readonly unknown[] => {
      if (value === undefined || value === null) return [];
      if (Array.isArray(value) && value.length <= 200) return value as readonly unknown[];
      faults.push(`${at}: expected a list of at most 200.`);
      return [];
    },
    object: (value: unknown, at: string): Record<string, unknown> => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
      faults.push(`${at}: expected an object.`);
      return {};
    },
  };
}
