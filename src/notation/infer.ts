/** TypeScript types from a notation. */
import type { Notation } from './field.ts';

export type InputOf<N extends Notation> = N extends Notation ? Record<string, any> : never;
export type OutputOf<N extends Notation> = N extends Notation ? Record<string, any> : never;
