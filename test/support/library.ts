/** A connector that is a subgraph for others: several keys, what it requires of them, and what only they may see. */
import type { Connector } from '../../src/connector/definition.ts';
import type { ObjectDefinition } from '../../src/notation/field.ts';

const book: ObjectDefinition = {
  title: 'A book',
  key: 'isbn',
  batch: 'list_books',
  keys: [{ fields: 'shelf { room } place', lookup: 'find_book', arguments: { room: 'shelf.room', place: 'place' } }],
  directives: ['@tag(name: "stock")'],
  fields: [
    { name: 'isbn' },
    { name: 'title', directives: ['@shareable', '@audited(by: "librarian")'] },
    { name: 'place', type: 'integer' },
    { name: 'shelf', type: 'object', properties: [{ name: 'room' }, { name: 'floor', type: 'integer' }] },
    { name: 'purchase_price', type: 'number', directives: ['@inaccessible'] },
  ],
};

/** A product of somebody else's, to which the library adds what sending one costs. */
const product: ObjectDefinition = {
  graphqlName: 'Product',
  key: 'upc',
  batch: 'list_postage',
  fields: [
    { name: 'upc' },
    { name: 'weight', type: 'integer', directives: ['@external'] },
    { name: 'postage', type: 'number', directives: ['@requires(fields: "weight")'] },
    { name: 'is_lent', type: 'boolean' },
  ],
};

const media: ObjectDefinition = {
  graphqlName: 'Media',
  key: 'id',
  lookup: 'get_media',
  directives: ['@interfaceObject'],
  fields: [{ name: 'id' }, { name: 'loans', type: 'integer' }],
};

const recommendation: ObjectDefinition = {
  fields: [
    { name: 'text' },
    { name: 'about', type: 'object', properties: 'product', directives: ['@provides(fields: "weight")'] },
  ],
};

/** @param baseUri - of a provider that answers `/books`, `/places`, `/postage`, `/media` and `/recommendations`. */
export function library(baseUri: string): Connector {
  return {
    name: 'library',
    connection: { baseUri, authorization: { type: 'none' } },
    directives: [
      { definition: 'directive @audited(by: String) on FIELD_DEFINITION', url: 'https://example.com/audited/v1.0' },
    ],
    objects: { book, product, media, recommendation },
    actions: {
      list_books: {
        readOnly: true,
        batch: true,
        input: [{ name: 'isbns', type: 'array', of: 'string', optional: false }],
        output: book,
        execute: (connection, { isbns }) => connection.get('books').params({ isbns: isbns.join(',') }),
      },
      find_book: {
        readOnly: true,
        input: [
          { name: 'room', optional: false },
          { name: 'place', type: 'integer', optional: false },
        ],
        output: book,
        execute: (connection, { room, place }) => connection.get('places').params({ room, place }),
      },
      list_postage: {
        readOnly: true,
        batch: true,
        input: [
          {
            name: 'products',
            type: 'array',
            of: 'object',
            optional: false,
            properties: [{ name: 'upc' }, { name: 'weight', type: 'integer' }],
          },
        ],
        output: product,
        execute: (connection, { products }) => connection.post('postage').payload({ products }),
      },
      get_media: {
        readOnly: true,
        input: [{ name: 'id', optional: false }],
        output: media,
        execute: (connection, { id }) => connection.get('media').params({ id }),
      },
      list_recommendations: {
        readOnly: true,
        list: true,
        output: recommendation,
        execute: (connection) => connection.get('recommendations'),
      },
      count_books: {
        readOnly: true,
        directives: ['@inaccessible'],
        output: [{ name: 'count', type: 'integer' }],
        execute: () => ({ count: 3 }),
      },
    },
  };
}

/** The rest of the graph, as others serve it. */
export const foreignSdl = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external"])
type Query { products: [Product] reviews: [Review] media: [Media] }
type Product @key(fields: "upc") { upc: ID! weight: Int @shareable name: String }
type Review @key(fields: "id") { id: ID! book: LibraryBook customer: MyAppCustomer }
type LibraryBook @key(fields: "isbn", resolvable: false) { isbn: ID! }
type MyAppCustomer @key(fields: "id") { id: ID! reviews: [Review] }
interface Media @key(fields: "id") { id: ID! name: String }
type Film implements Media @key(fields: "id") { id: ID! name: String }
`;
