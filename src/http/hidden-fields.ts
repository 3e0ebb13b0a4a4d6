/** Fields of a connection that nobody reads by accident: each is given by its name, and all together print `[redacted]`. */
import { inspect } from 'node:util';
import { redacted } from './secret.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Hides values behind their names. `fields.token` and `{ ...fields }` give what is in it, as connectors want it; a log, an
 * error, JSON and `inspect` are told the names alone. The outbound client writes them out where a request carries them.
 */
export function hideFields(values: Values): Values {
  return new HiddenFields(values) as unknown as Values;
}

/** Runs what writes the body of a request: in it JSON has the values. */
export function withFieldsOpen<T>(write: () => T): T {
  return HiddenFields.openDuring(write);
}

/** What was hidden as a plain object; anything else as it is. */
export function openFields(value: unknown): unknown {
  return value instanceof HiddenFields ? HiddenFields.valuesOf(value) : value;
}

class HiddenFields {
  static #isOpen = false;
  /** One for each name, so that fields of the same names are objects of one shape. */
  static readonly #accessors = new Map<string, PropertyDescriptor>();

  static openDuring<T>(write: () => T): T {
    const before = HiddenFields.#isOpen;
    HiddenFields.#isOpen = true;
    try {
      return write();
    } finally {
      HiddenFields.#isOpen = before;
    }
  }

  static valuesOf(fields: HiddenFields): Values {
    return { ...fields.#values };
  }

  static #accessorOf(name: string): PropertyDescriptor {
    let accessor = HiddenFields.#accessors.get(name);
    if (!accessor) {
      accessor = {
        enumerable: true,
        get(this: HiddenFields) {
          return this.#values[name];
        },
      };
      // Providers choose the names of what `acquire` gave.
      if (HiddenFields.#accessors.size < maxAccessors) HiddenFields.#accessors.set(name, accessor);
    }
    return accessor;
  }

  readonly #values: Values;

  constructor(values: Values) {
    this.#values = { ...values };
    for (const name of Object.keys(values)) {
      // A field of that name would take the place of the method.
      if (name !== 'toJSON') Object.defineProperty(this, name, HiddenFields.#accessorOf(name));
    }
  }

  toJSON(): Values {
    return HiddenFields.#isOpen ? this.#values : this.#redacted();
  }

  [inspect.custom](): Values {
    return this.#redacted();
  }

  #redacted(): Values {
    return Object.fromEntries(Object.keys(this).map((name) => [name, redacted]));
  }
}

const maxAccessors = 1_000;
