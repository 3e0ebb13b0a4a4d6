/** A value that is not what the notation declares: found deep inside, named with its whole path where it leaves the room. */

/** Thrown by coercers and convertors; `compileInput` and `compileOutputField` make an InputError or a ProviderError of it. */
export class Mismatch extends Error {
  /** Field names and list places from the outside in; each floor that it passes puts its own in front. */
  readonly place: (string | number)[] = [];
  /** What the notation declares, e.g. `an integer`. */
  readonly expected: string;
  /** Whether a value that is required is not there. */
  isAbsence = false;

  /**
   * @param expected - e.g. `an integer`
   * @param value - what came; only its kind is told, because it may be a secret or a part of a provider's body.
   * @param cure - a whole sentence, where there is a cure.
   * @param kind - where `kindOf` would say less than is known.
   */
  constructor(expected: string, value: unknown, cure = '', kind = kindOf(value)) {
    super(`expected ${expected}; got ${kind}.${cure === '' ? '' : ` ${cure}`}`);
    this.expected = expected;
  }

  /**
   * For a value whose kind could have been right: `got a string that is none`.
   *
   * @param kinds - what `typeof` says of those that could.
   */
  static none(expected: string, value: unknown, cure = '', kinds: readonly string[] = ['string']): Mismatch {
    const kind = kindOf(value);
    const couldBe = kinds.includes(typeof value) && kind === `a ${typeof value}`;
    return new Mismatch(expected, value, cure, couldBe ? `${kind} that is none` : kind);
  }

  /** @param message - a whole sentence that names what must be present. */
  static absent(message: string): Mismatch {
    const absence = new Mismatch('', undefined);
    absence.message = message;
    absence.isAbsence = true;
    return absence;
  }
}

/** Runs `action` and puts a name in front of the place of any mismatch in it. */
export function at<T>(place: string | number, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Mismatch) error.place.unshift(place);
    throw error;
  }
}

/** `input` and `['labels', 2]` → `input.labels[2]`; without a start, `labels[2]`. */
export function formatPlace(start: string, place: readonly (string | number)[]): string {
  return place.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? step : `${path}.${step}`;
  }, start);
}

/** What kind of value it is, without the value. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date';
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value);
  if (typeof value === 'object') return isThenable(value) ? 'a promise' : 'an object';
  return `a ${typeof value}`;
}

function isThenable(value: object): boolean {
  return typeof (value as { then?: unknown }).then === 'function';
}
