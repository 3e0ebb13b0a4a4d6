/** The generated SDL below `schema/`: made anew, and compared with what is checked in. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Fault } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { supergraphSdl } from '../graph/supergraph.ts';

const subgraphFolder = 'subgraphs';
export const supergraphFile = 'supergraph.graphql';

/** The generated files of a graph, by path below `schema/`. */
export function generatedFiles(graph: Graph): ReadonlyMap<string, string> {
  return new Map([
    ...graph.subgraphs.map(({ name, sdl }): [string, string] => [join(subgraphFolder, `${name}.graphql`), sdl()]),
    [supergraphFile, supergraphSdl(graph)],
  ]);
}

/** Writes the generated files and removes those of connectors that are gone. */
export async function writeGeneratedFiles(folder: string, graph: Graph): Promise<readonly string[]> {
  const files = generatedFiles(graph);
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  for (const path of await strangers(folder, files)) await rm(join(folder, path));
  return [...files.keys()];
}

/** What is not as it would be generated now: absent, different, or of no connector. */
export async function checkGeneratedFiles(folder: string, graph: Graph): Promise<Fault[]> {
  const files = generatedFiles(graph);
  const faults: Fault[] = [];
  const fault = (path: string, message: string) =>
    void faults.push({ code: 'GENERATED_STALE', path: relative('.', join(folder, path)), message });
  for (const [path, text] of files) {
    const found = await readFile(join(folder, path), 'utf8').catch(() => undefined);
    if (found === undefined) fault(path, 'expected this generated file; there is none. Run `plugboard check --write`.');
    else if (found !== text)
      fault(path, `${firstDifference(found, text)} Run \`plugboard check --write\` and review the difference.`);
  }
  for (const path of await strangers(folder, files))
    fault(path, 'expected no such file: no connector generates it. Run `plugboard check --write`.');
  return faults;
}

async function strangers(folder: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  const found = await readdir(join(folder, subgraphFolder)).catch(() => []);
  return found
    .filter((name) => name.endsWith('.graphql'))
    .map((name) => join(subgraphFolder, name))
    .filter((path) => !files.has(path));
}

function firstDifference(found: string, expected: string): string {
  const [foundLines, expectedLines] = [found.split('\n'), expected.split('\n')];
  const line = expectedLines.findIndex((text, index) => text !== foundLines[index]);
  const at = line < 0 ? expectedLines.length : line;
  return `line ${at + 1}: expected ${JSON.stringify(expectedLines[at]?.trim() ?? 'the end')}; got ${JSON.stringify(foundLines[at]?.trim() ?? 'the end')}.`;
}
