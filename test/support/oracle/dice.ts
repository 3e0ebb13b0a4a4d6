/** Choices of a generator, taken from bytes: fewer and smaller bytes make simpler things, so that fast-check can shrink them. */
export class Dice {
  readonly #bytes: Uint8Array;
  #rolled = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A whole number below `count`, at most 256; 0 when no bytes are left. */
  below(count: number): number {
    return (this.#bytes[this.#rolled++] ?? 0) % count;
  }

  /** Happens `percent` times in a hundred; never when no bytes are left. */
  chance(percent: number): boolean {
    return (this.#bytes[this.#rolled++] ?? 0) * 100 > 256 * (100 - percent);
  }

  oneOf<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.below(choices.length)]!;
  }

  /** Between `least` and `most` of what is made. */
  some<Made>(least: number, most: number, make: (index: number) => Made): Made[] {
    return Array.from({ length: least + this.below(most - least + 1) }, (_, index) => make(index));
  }
}
