/** Imports a file of an application, TypeScript included, on every Node that we support. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Jiti } from 'jiti';

/** Gives the exports of a file. */
export type ImportSource = (file: string) => Promise<unknown>;

/**
 * An importer for connectors and configuration files: `.js` and `.mjs` natively, TypeScript through jiti.
 *
 * @param options.modules - what `import … from 'plugboard'` and `'plugboard/connector'` give: the running code itself, so
 *   that a project needs no second copy of it.
 * @param options.fresh - read files anew instead of from the module cache, for reloads.
 */
export function createImportSource(
  options: { readonly modules?: Readonly<Record<string, unknown>>; readonly fresh?: boolean } = {},
): ImportSource {
  const { modules = {}, fresh = false } = options;
  let jiti: Jiti | undefined;
  return async (file) => {
    // A native import can never be read anew: Node keeps every module for the life of the process.
    if (/\.m?js$/.test(file) && !fresh) return import(pathToFileURL(file).href);
    // A compiler is loaded only where there is something to compile.
    const { createJiti } = await import('jiti');
    jiti ??= createJiti(import.meta.url, {
      moduleCache: !fresh,
      virtualModules: { ...modules },
      interopDefault: false,
    });
    // jiti, too, leaves these to Node, so the source of the entry is given to it; `.mjs` parts of it stay as they were.
    if (fresh && file.endsWith('.mjs')) {
      const source = await readFile(file, 'utf8');
      return jiti.evalModule(source, { filename: file, ext: '.ts', async: true, forceTranspile: true });
    }
    return jiti.import(file);
  };
}
