import { fileURLToPath } from 'node:url';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { composeServices } from '@theguild/federation-composition';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse, printType } from 'graphql';
import type { Connector } from '../../src/connector/definition.ts';
import { loadConnectors } from '../../src/connector/load-connectors.ts';
import { describeGraph } from '../../src/gateway.ts';
import { buildGraph, type Graph } from '../../src/graph/graph.ts';
import { subgraphSchema } from '../../src/graph/subgraph-schema.ts';
import { supergraphSdl } from '../../src/graph/supergraph.ts';
import { faultsOf } from '../support/expect-faults.ts';
import { crm, reads, withFields } from '../support/graph-connectors.ts';
import { foreignSdl, library } from '../support/library.ts';

const libraryAt = () => library('https://library.example.com/');

describe('the subgraphs, for the tools of others', () => {
  let graph: Graph;
  beforeAll(async () => {
    const folder = fileURLToPath(new URL('../../connectors', import.meta.url));
    const { loaded } = await loadConnectors([folder], (file) => import(file));
    graph = await describeGraph([...loaded.map(({ connector }) => connector), libraryAt()]);
  });

  it('compose all together with a foreign one', () => {
    const services = graph.subgraphs.map(({ name, sdl }) => ({ name, typeDefs: parse(sdl()) }));
    const composed = composeServices([...services, { name: 'foreign', typeDefs: parse(foreignSdl) }]);
    expect(composed.errors?.map(({ message }) => message)).toBeUndefined();
    expect(composed.supergraphSdl).toContain('postage: Float @join__field(graph: LIBRARY, requires: "weight")');
    expect(composed.supergraphSdl).toContain('@join__type(graph: LIBRARY, key: "shelf { room } place")');
    expect(composed.supergraphSdl).toContain('title: String @audited(by: "librarian")');
  });

  it("keep @apollo/subgraph's own rules of SDL", () => {
    for (const { name, sdl } of graph.subgraphs) {
      expect(() => buildSubgraphSchema({ typeDefs: parse(sdl()) })).not.toThrow();
      expect(name).toBeTruthy();
    }
  });

  it('are served with what their SDL says, and the two fields of federation', () => {
    const nobody = { entities: () => [], typeOf: () => undefined };
    for (const subgraph of graph.subgraphs) {
      const expected = buildSubgraphSchema({ typeDefs: parse(subgraph.sdl()) });
      const served = subgraphSchema(graph, subgraph, nobody);
      for (const { name } of subgraph.content().stubs.map(({ type }) => type)) {
        expect(printType(served.getType(name)!)).not.toContain('Connection');
        expect(Object.keys((served.getType(name) as any).getFields())).toEqual(
          Object.keys((expected.getType(name) as any).getFields()),
        );
      }
      const fields = (schema: typeof served) => Object.keys(schema.getQueryType()?.getFields() ?? {}).sort();
      expect(fields(served)).toEqual(fields(expected));
    }
  });
});

describe('what a connector says to federation', () => {
  const sdlOf = (connector: Connector) => buildGraph([connector, crm()]).subgraphs[0]!.sdl();

  it('stands in its SDL, with the link that it needs', () => {
    const sdl = sdlOf(libraryAt());
    expect(sdl).toMatch(
      /^extend schema\n {2}@link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.3", import: \["@composeDirective", "@external", "@inaccessible", "@interfaceObject", "@key", "@provides", "@requires", "@shareable", "@tag"\]\)\n {2}@link\(url: "https:\/\/example\.com\/audited\/v1\.0", import: \["@audited"\]\)\n {2}@composeDirective\(name: "@audited"\)\n\ndirective @audited/,
    );
    expect(sdl).toContain(
      'type LibraryBook @key(fields: "isbn") @key(fields: "shelf { room } place") @tag(name: "stock") {',
    );
    expect(sdl).toContain('type Media @key(fields: "id") @interfaceObject {');
    expect(sdl).toContain('  about: Product @provides(fields: "weight")');
  });

  it('hides from clients of the gateway what only others see, or complete', () => {
    const { schema, whole } = buildGraph([libraryAt()]);
    const names = (type: string) => Object.keys((schema.getType(type) as any).getFields());
    expect(names('LibraryBook')).toEqual(['isbn', 'title', 'place', 'shelf']);
    expect(names('Product')).toEqual(['upc', 'isLent']);
    expect(names('Query')).not.toContain('libraryCountBooks');
    expect(Object.keys(whole.getQueryType()!.getFields())).toContain('libraryCountBooks');
  });

  it('stands in the supergraph as composition has it', () => {
    const tagged = withFields([{ name: 'a', directives: ['@tag(name: "x")', '@override(from: "old")'] }], {
      actions: { get_thing: reads({ directives: ['@inaccessible'] }), list_things: reads({ list: true }) },
    });
    const graph = buildGraph([tagged, crm()]);
    const services = graph.subgraphs.map(({ name, sdl }) => ({ name, typeDefs: parse(sdl()) }));
    const composed = composeServices(services).supergraphSdl ?? '';
    for (const line of composed
      .split('\n')
      .filter((each) => /@tag|@inaccessible/.test(each) && !each.startsWith('schema'))) {
      expect(supergraphSdl(graph).replaceAll(/\s+/g, ' ')).toContain(line.trim().replaceAll(/\s+/g, ' '));
    }
  });

  it('is refused at start where it cannot be read, is not known, or stands in the wrong place', () => {
    const wrong = withFields(
      [{ name: 'a', directives: ['@shareabel', '@key(fields: "a")', '@tag(', '@interfaceObject'] }],
      {
        directives: [{ definition: 'type A { a: Int }', url: 'audited' }],
      },
    );
    const known = '@shareable, @inaccessible, @tag, @external, @requires, @provides, @override';
    expect(faultsOf(() => buildGraph([wrong]))).toEqual([
      `DIRECTIVE_INVALID: shop.objects.thing.fields[0].directives[0]: expected one of ${known} (did you mean "shareable"?); got @shareabel.`,
      `DIRECTIVE_INVALID: shop.objects.thing.fields[0].directives[1]: expected one of ${known}; got @key.`,
      'DIRECTIVE_INVALID: shop.objects.thing.fields[0].directives[2]: expected one directive, as SDL has it; got "@tag(".',
      `DIRECTIVE_INVALID: shop.objects.thing.fields[0].directives[3]: expected one of ${known}; got @interfaceObject.`,
      'DIRECTIVE_INVALID: shop.directives[0].definition: expected one directive definition with a name of its own; got "type A { a: Int }".',
    ]);
  });

  it('is refused where a key names no field, or its action does not take it', () => {
    const { objects, actions } = libraryAt();
    const book = {
      ...objects!.book!,
      keys: [{ fields: 'titl' }, { fields: 'shelf' }, { fields: '{' }, { fields: 'title place', lookup: 'find_book' }],
    };
    const broken = {
      ...libraryAt(),
      objects: { ...objects, book },
      actions: {
        ...actions,
        list_books: reads({ batch: true, input: actions!.list_books!.input!, output: book }),
        find_book: reads({ input: [{ name: 'place' }], output: book }),
      },
    };
    const path = 'library.objects.book.keys';
    const expected =
      'expected names of its fields that hold one value, or of an object with some of its fields in braces';
    expect(faultsOf(() => buildGraph([broken]))).toEqual([
      `KEY_UNKNOWN: ${path}[0].fields: ${expected} (did you mean "title"?); got "titl".`,
      `KEY_UNKNOWN: ${path}[1].fields: ${expected} (did you mean "shelf"?); got "shelf".`,
      `KEY_UNKNOWN: ${path}[2].fields: expected names of fields, as @key has them; got "{".`,
      `LOOKUP_UNKNOWN: ${path}[3].lookup: expected find_book to take title, place by the same names, or by \`arguments\`; it takes place.`,
    ]);
  });
});
