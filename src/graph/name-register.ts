/** Who made which name: every name of the graph is registered once, and a second maker is a fault that names both. */
import { specifiedScalarTypes, type GraphQLNamedType } from 'graphql';
import type { Fault } from '../errors.ts';
import { isName } from './names.ts';
import { sharedTypes } from './shared-types.ts';

/** The owner of types that no connector owns. */
export const sharedOwner = Symbol('shared');
/** Name of the subgraph that the gateway itself contributes. */
export const gatewayName = 'gateway';

/** Names of one space, and who made them. */
export type NameOrigins = Map<string, string>;

/** The types of the whole graph, and the faults found while things were named. */
export class NameRegister {
  readonly faults: Fault[] = [];
  /** In the order in which they were made; grows while it is walked. */
  readonly types: GraphQLNamedType[] = [];
  /** Name of the subgraph that owns a type. */
  readonly owners = new Map<GraphQLNamedType, string | typeof sharedOwner>();
  readonly #typeOrigins: NameOrigins = new Map();
  readonly #reported = new Set<string>();

  constructor() {
    for (const type of [...specifiedScalarTypes, ...sharedTypes.values()]) {
      this.#typeOrigins.set(type.name, 'Plugboard itself');
      this.owners.set(type, sharedOwner);
    }
    for (const name of ['Query', 'Mutation', 'Subscription']) this.#typeOrigins.set(name, 'Plugboard itself');
  }

  /** Registers a type under a name; `create` is not called when the name is taken or cannot be said. */
  type<Type extends GraphQLNamedType>(
    name: string,
    origin: string,
    owner: string,
    create: () => Type,
  ): Type | undefined {
    if (!this.claim(this.#typeOrigins, 'type', name, origin)) return undefined;
    const type = create();
    this.types.push(type);
    this.owners.set(type, owner);
    return type;
  }

  /**
   * Registers one name among others: of the fields of one type, of the arguments of one field …
   *
   * @param word - what has the name, e.g. `root field`.
   * @param of - what it is a part of, e.g. `GithubIssue`.
   * @returns false after reporting that GraphQL cannot say the name, or that another has it.
   */
  claim(origins: NameOrigins, word: string, name: string, origin: string, of?: string): boolean {
    if (!isName(name)) {
      this.fault(
        'NAME_INVALID',
        origin,
        `expected a name of letters, digits and "_" that begins with none of 0–9 and "__"; got ${JSON.stringify(name)}. Set graphqlName.`,
      );
      return false;
    }
    const other = origins.get(name);
    if (other === undefined) {
      origins.set(name, origin);
      return true;
    }
    this.fault(
      'NAME_COLLISION',
      origin,
      `the ${word} "${name}"${of === undefined ? '' : ` of ${of}`} is also made by ${other}; set graphqlName on one of them.`,
    );
    return false;
  }

  /** Reports a fault once, however often the definition is walked. */
  fault(code: Fault['code'], path: string, message: string): void {
    const key = `${code} ${path} ${message}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.faults.push({ code, path, message });
  }
}
