/** What types and fields say to federation by directives: kept beside them, judged, and printed in the SDL of their subgraph. */
import {
  GraphQLError,
  Kind,
  parse,
  print,
  type ASTNode,
  type DirectiveNode,
  type DocumentNode,
  type GraphQLFieldConfig,
} from 'graphql';
import type { Connector } from '../connector/definition.ts';
import { didYouMean } from '../notation/nearest.ts';
import type { NameRegister } from './name-register.ts';

/** Where a directive stands. */
export type DirectivePlace = 'object' | 'field' | 'root field';

/** A directive as it is applied. */
export interface AppliedDirective {
  readonly name: string;
  readonly node: DirectiveNode;
}

/** A type, field or value of an enum: what can carry directives. */
export interface Annotated {
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly astNode?: ASTNode | null | undefined;
}

/** Those of federation that a part of a connector may say, and where. `@key` is made from `key` and `keys`. */
const places: Readonly<Record<string, readonly DirectivePlace[]>> = {
  shareable: ['object', 'field', 'root field'],
  inaccessible: ['object', 'field', 'root field'],
  tag: ['object', 'field', 'root field'],
  interfaceObject: ['object'],
  external: ['field'],
  requires: ['field'],
  provides: ['field', 'root field'],
  override: ['field', 'root field'],
};

/** Names of federation's own directives. @see https://specs.apollo.dev/federation/v2.3 */
export const federationDirectives: ReadonlySet<string> = new Set([...Object.keys(places), 'key']);

/**
 * Reads the directives of a part of a connector, and reports those that cannot be read, are not known, or may not stand
 * there. What their arguments say is judged with the other subgraphs, by composition.
 *
 * @returns what goes into the `extensions` of the type or field.
 */
export function readDirectives(
  texts: readonly string[] | undefined,
  place: DirectivePlace,
  { connector, origin }: { readonly connector: Connector; readonly origin: string },
  register: NameRegister,
): Readonly<Record<string, unknown>> {
  if (texts === undefined || texts.length === 0) return {};
  const own = (connector.directives ?? []).flatMap(({ definition }) => composedName(definition) ?? []);
  const known = [...Object.keys(places).filter((name) => places[name]!.includes(place)), ...own];
  const applied = texts.flatMap((text, index): AppliedDirective[] => {
    const path = `${origin}.directives[${index}]`;
    const nodes = parsed(`type T ${text} { f: Int }`);
    const [node, ...others] = nodes?.definitions.flatMap(directivesOf) ?? [];
    if (!node || others.length > 0) {
      const message = `expected one directive, as SDL has it; got ${JSON.stringify(text)}.`;
      register.fault('DIRECTIVE_INVALID', path, message);
      return [];
    }
    const name = node.name.value;
    if (known.includes(name)) return [{ name, node }];
    const expected = `expected one of ${known.map((each) => `@${each}`).join(', ')}`;
    const guess = didYouMean(name, known);
    register.fault('DIRECTIVE_INVALID', path, `${expected}${guess}; got @${name}.`);
    return [];
  });
  return { federation: applied };
}

/** Adds to a field what it says to federation. */
export function withDirectives<Config extends GraphQLFieldConfig<any, any>>(
  config: Config,
  extensions: Readonly<Record<string, unknown>>,
): Config {
  if (Object.keys(extensions).length === 0) return config;
  return { ...config, extensions: { ...config.extensions, ...extensions } };
}

/** The directives of a type or field, from its connector or from the SDL that it was written in. */
export function appliedDirectives({ extensions, astNode }: Annotated): readonly AppliedDirective[] {
  const given = extensions.federation as readonly AppliedDirective[] | undefined;
  if (given || !astNode) return given ?? [];
  return directivesOf(astNode).flatMap((node) => {
    const name = node.name.value;
    return federationDirectives.has(name) ? [{ name, node }] : [];
  });
}

/** As SDL has them, e.g. `@tag(name: "internal")`. */
export function printDirectives(annotated: Annotated, isPrinted: (name: string) => boolean = () => true): string[] {
  return appliedDirectives(annotated).flatMap(({ name, node }) => (isPrinted(name) ? [print(node)] : []));
}

export function hasDirective(annotated: Annotated, name: string): boolean {
  return appliedDirectives(annotated).some((each) => each.name === name);
}

/** A text argument of a directive; `undefined` where it has none. */
export function textArgument({ node }: AppliedDirective, name: string): string | undefined {
  const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

/** Whether a field needs what only another subgraph knows: alone it cannot be answered. */
export function isCompletedElsewhere(annotated: Annotated): boolean {
  return appliedDirectives(annotated).some(({ name }) => name === 'external' || name === 'requires');
}

/** Whether clients see a type or field of a graph that is served alone. */
export function isShown(annotated: Annotated): boolean {
  return !hasDirective(annotated, 'inaccessible') && !isCompletedElsewhere(annotated);
}

/** A directive of a connector's own, as its subgraph defines and links it. */
export interface ComposedDirective {
  readonly name: string;
  readonly definition: string;
  readonly url: string;
}

/** Reads the connector's own directives, and reports what is none. */
export function readComposedDirectives(connector: Connector, register: NameRegister): ComposedDirective[] {
  return (connector.directives ?? []).flatMap(({ definition, url }, index): ComposedDirective[] => {
    const path = `${connector.name}.directives[${index}]`;
    const name = composedName(definition);
    if (name === undefined || federationDirectives.has(name)) {
      const message = `expected one directive definition with a name of its own; got ${JSON.stringify(definition)}.`;
      register.fault('DIRECTIVE_INVALID', `${path}.definition`, message);
      return [];
    }
    if (/^https?:\/\/[^\s"]+\/\w+\/v\d+\.\d+$/.test(url)) return [{ name, definition, url }];
    const message = `expected a URL that ends in a name and a version, such as "https://example.com/${name}/v1.0"; got ${JSON.stringify(url)}.`;
    register.fault('DIRECTIVE_INVALID', `${path}.url`, message);
    return [];
  });
}

function composedName(definition: string): string | undefined {
  const [node, ...others] = parsed(definition)?.definitions ?? [];
  return node?.kind === Kind.DIRECTIVE_DEFINITION && others.length === 0 ? node.name.value : undefined;
}

function parsed(text: string): DocumentNode | undefined {
  try {
    return parse(text, { noLocation: true });
  } catch (error) {
    if (error instanceof GraphQLError) return undefined;
    throw error;
  }
}

function directivesOf(node: ASTNode): readonly DirectiveNode[] {
  return 'directives' in node ? (node.directives ?? []) : [];
}

/** Definitions for SDL that is written, such as the gateway's own. */
export const federationDefinitions = `
directive @key(fields: String!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @shareable repeatable on OBJECT | FIELD_DEFINITION
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE
directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE
directive @interfaceObject on OBJECT
directive @external on OBJECT | FIELD_DEFINITION
directive @requires(fields: String!) on FIELD_DEFINITION
directive @provides(fields: String!) on FIELD_DEFINITION
directive @override(from: String!) on FIELD_DEFINITION
`;
