/** What a capability is: one thing that several providers can do alike, as `graph/capabilities` reads it from `schema/capabilities.graphql`. */
import type { Field } from '../notation/field.ts';

/** One thing that several providers can do alike. */
export interface Capability {
  /** e.g. `listAccounts`: what an action says as its `capability`. */
  readonly name: string;
  /** Name of the set that it belongs to, e.g. `AccountDirectory`. */
  readonly set: string;
  /** The type of the graph that has its field: a root type, or that of the rows from which its input is taken. */
  readonly type: string;
  readonly field: string;
  readonly readOnly: boolean;
  /** `connection`: a list with pages; `transfer`: where a content is sent or fetched. */
  readonly shape: 'one' | 'connection' | 'transfer';
  /** How the arguments of the field hold the input: as they are, in the one argument `input`, or in the row itself. */
  readonly argumentStyle: 'flat' | 'input' | 'row';
  readonly input: CapabilityNotation;
  /** Type of the argument `input`, or of the row; for flat arguments the name of the capability. */
  readonly inputType: string;
  /** Fields of the answer, or of each row of it; empty for a transfer. */
  readonly output: CapabilityNotation;
  /** Type of the answer in the graph, or of each row of it. */
  readonly outputType: string;
}

/** Names are those of the graph. */
export interface CapabilityField extends Field {
  /** An ID: a provider may have it as a number. */
  readonly identifier?: boolean;
  /** Of an object, or of the elements of a list: its type in the graph. */
  readonly typeName?: string;
  readonly properties?: CapabilityNotation;
}
export type CapabilityNotation = readonly CapabilityField[];
