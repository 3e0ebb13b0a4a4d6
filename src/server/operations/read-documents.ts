/** Reads the list of an application's operations, as its build wrote it: a folder of documents, or one JSON file. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { Fault } from '../../errors.ts';
import { isObject } from '../../notation/coerce-value.ts';
import { kindOf } from '../../notation/mismatch.ts';

/** One document of the list. */
export interface ListedDocument {
  /** By which clients ask for it, beside the SHA-256 of its text. */
  readonly id: string;
  readonly text: string;
  /** Where it stands, for faults. */
  readonly place: string;
}

/** What could be read, and what is wrong with the rest. */
export interface ReadDocuments {
  /** The file or folder, for faults. */
  readonly source: string;
  readonly documents: readonly ListedDocument[];
  readonly faults: readonly Fault[];
}

/**
 * Reads a list. It is one of
 *
 * - a folder, whose `.graphql` and `.gql` files, those of its folders too, are known by their path without the ending:
 *   `orders/recent` for `orders/recent.graphql`,
 * - a JSON file `{ "<id>": "<document>" }`, as Relay's compiler and GraphQL Code Generator write it,
 * - a persisted query manifest, as Apollo's `generate-persisted-query-manifest` writes it.
 *
 * It never throws: a list that is not there is a fault like all others.
 */
export async function readDocuments(path: string): Promise<ReadDocuments> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const { documents, faults } = isFolder ? await readFolder(path) : readJson(path, await readFile(path, 'utf8'));
    if (documents.length > 0 || faults.length > 0) return { source: path, documents, faults };
    return { source: path, documents, faults: [fault(path, `expected at least one document; ${nothing(isFolder)}.`)] };
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    const what = code === 'ENOENT' ? 'there is nothing at this path' : `it cannot be read (${code})`;
    const message = `expected a folder of .graphql files, or a JSON file { "<id>": "<document>" }; ${what}.`;
    return { source: path, documents: [], faults: [fault(path, message)] };
  }
}

interface Found {
  readonly documents: readonly ListedDocument[];
  readonly faults: readonly Fault[];
}

async function readFolder(folder: string): Promise<Found> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(?:graphql|gql)$/.test(name)).sort();
  const documents = await Promise.all(
    names.map(async (name) => {
      const place = join(folder, name);
      const id = relative(folder, place).slice(0, -extname(name).length).split(sep).join('/');
      return { id, text: await readFile(place, 'utf8'), place };
    }),
  );
  return { documents, faults: doubles(documents) };
}

function readJson(path: string, text: string): Found {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { documents: [], faults: [fault(path, 'expected JSON; got something else.')] };
  }
  if (!isObject(json))
    return { documents: [], faults: [fault(path, `expected { "<id>": "<document>" }; got ${kindOf(json)}.`)] };
  return json['format'] === manifestFormat ? readManifest(path, json) : readPlain(path, json);
}

const manifestFormat = 'apollo-persisted-query-manifest';

function readPlain(path: string, json: Readonly<Record<string, unknown>>): Found {
  const documents: ListedDocument[] = [];
  const faults: Fault[] = [];
  for (const [id, text] of Object.entries(json)) {
    const place = `${path}[${JSON.stringify(id)}]`;
    if (typeof text === 'string' && id !== '') documents.push({ id, text, place });
    else
      faults.push(
        fault(place, `expected an id with the text of a document; got ${id === '' ? 'no id' : kindOf(text)}.`),
      );
  }
  return { documents, faults };
}

/** @see https://www.apollographql.com/docs/graphos/platform/security/persisted-queries#manifest-format */
function readManifest(path: string, { version, operations }: Readonly<Record<string, unknown>>): Found {
  if (version !== 1) {
    return {
      documents: [],
      faults: [fault(`${path}.version`, `expected 1; got ${JSON.stringify(version) ?? 'nothing'}.`)],
    };
  }
  if (!Array.isArray(operations)) {
    return { documents: [], faults: [fault(`${path}.operations`, `expected a list; got ${kindOf(operations)}.`)] };
  }
  const documents: ListedDocument[] = [];
  const faults: Fault[] = [];
  operations.forEach((operation: unknown, index) => {
    const place = `${path}.operations[${index}]`;
    const { id, body } = isObject(operation) ? operation : {};
    if (typeof id === 'string' && id !== '' && typeof body === 'string') documents.push({ id, text: body, place });
    else faults.push(fault(place, 'expected an operation with the texts `id` and `body`.'));
  });
  return { documents, faults: [...faults, ...doubles(documents)] };
}

/** Keys of JSON objects and names of files are there once; what comes from several places may not be. */
function doubles(documents: readonly ListedDocument[]): Fault[] {
  const first = new Map<string, string>();
  return documents.flatMap(({ id, place }) => {
    const other = first.get(id);
    first.set(id, other ?? place);
    return other === undefined
      ? []
      : [fault(place, `expected each id once; ${JSON.stringify(id)} is that of ${other} too.`)];
  });
}

function nothing(isFolder: boolean): string {
  return isFolder ? 'the folder has no .graphql file' : 'the file has none';
}

/** A fault of the list. */
export function fault(path: string, message: string): Fault {
  return { code: 'OPERATION_LIST_INVALID', path, message };
}
