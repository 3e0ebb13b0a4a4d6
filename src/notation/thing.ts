/** What makes the rows of an entity things: devices and places with properties that are read and actions that are asked for. */

/** Keys of `ObjectDefinition.thing`. Paths are names of fields of the object, with dots into nested ones. */
export interface ThingDefinition {
  /** Who makes it. */
  readonly manufacturer: string;
  /** What it is, for whoever shows it, e.g. `core.WEATHER_STATION`. */
  readonly displayType: string;
  /** Name of the action that lists all things of a connection, in rows of this object. It takes no required input. */
  readonly list: string;
  /** Path of its name. Default `name`. */
  readonly name?: string;
  /** Path of whether it can be reached, a boolean. Absent: it can while the provider lists it. */
  readonly available?: string;
  /** Path of when its values were measured. Absent: when they were read. */
  readonly measuredAt?: string;
  /** Between two looks at the values while somebody listens to them, in milliseconds. Default 60 000. */
  readonly intervalMs?: number;
  /** Id of the component that stands for the whole. Default the first. */
  readonly mainComponent?: string;
  /** By id. */
  readonly components: Readonly<Record<string, ComponentDefinition>>;
}

/** A part of a thing: what it measures, and what it can be asked to do. At least one of either. */
export interface ComponentDefinition {
  /** Default: its id, in words. */
  readonly name?: string;
  /** e.g. `core.SENSOR` */
  readonly componentType: string;
  readonly capabilities?: readonly string[];
  /** By id. */
  readonly properties?: Readonly<Record<string, PropertyDefinition>>;
  /** By id. */
  readonly actions?: Readonly<Record<string, ThingActionDefinition>>;
}

export interface PropertyDefinition {
  /** Path of its value; the type of the field is the type of the property. */
  readonly field: string;
  /** Default: its id, in words. */
  readonly name?: string;
  /** e.g. `°C`; default none. */
  readonly unit?: string;
  /** What is measured, e.g. `core.TEMPERATURE`. */
  readonly propertyType?: string;
}

export interface ThingActionDefinition {
  /** Name of an action of the connector that writes. */
  readonly action: string;
  /** Default: its id, in words. */
  readonly name?: string;
  /** Input field of the action → path in the row that says which thing. The other input fields are its parameters. */
  readonly input: Readonly<Record<string, string>>;
}

/** Ids of components, properties and actions. */
export const thingIdPattern = /^[a-zA-Z0-9_-]{1,200}$/;

/** Types of properties and of the parameters of actions. */
export const thingValueTypes = ['NUMBER', 'STRING', 'BOOLEAN'] as const;
export type ThingValueType = (typeof thingValueTypes)[number];
