/** Bundles GraphiQL into dist/explorer, when anything that goes into it has changed (`--force`: always). */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');
const target = join(root, 'dist/explorer');
const stamp = join(target, 'inputs.json');

/** GraphiQL's style sheet holds the editor's styles already; bundled again they would be chunks that nobody loads. */
const withoutEditorStyles = {
  name: 'without-editor-styles',
  setup: (bundle) => bundle.onLoad({ filter: /monaco-editor[\\/].*\.css$/ }, () => ({ contents: '', loader: 'css' })),
};

const inputs = hashInputs();
if (process.argv.includes('--force') || !isCurrent()) {
  await build();
  writeFileSync(stamp, JSON.stringify({ inputs }));
}

/** The page's own files and the lock file: a new version of any package builds again. */
function hashInputs() {
  const hash = createHash('sha256');
  const files = readdirSync(here).sort();
  for (const file of files) hash.update(file).update(readFileSync(join(here, file)));
  const lock = join(root, 'package-lock.json');
  if (existsSync(lock)) hash.update(readFileSync(lock));
  return hash.digest('hex');
}

function isCurrent() {
  return existsSync(stamp) && JSON.parse(readFileSync(stamp, 'utf8')).inputs === inputs;
}

async function build() {
  // Imported late: most runs find the files current, and esbuild is a development package.
  const esbuild = await import('esbuild');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const shared = {
    bundle: true,
    minify: true,
    outdir: target,
    absWorkingDir: root,
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    chunkNames: 'chunk-[hash]',
    publicPath: '/explorer',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    // Licence notices of what is bundled travel beside it.
    legalComments: 'external',
    logLevel: 'warning',
    metafile: true,
    define: { 'process.env.NODE_ENV': '"production"' },
  };
  const workers = await esbuild.build({
    ...shared,
    format: 'iife',
    entryPoints: {
      'editor-worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
      'json-worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
      'graphql-worker': 'monaco-graphql/esm/graphql.worker.js',
    },
  });
  const workerUrl = (name) => `/explorer/${outputOf(workers, name, '.js')}`;
  const workerFiles = {
    editor: workerUrl('editor-worker'),
    json: workerUrl('json-worker'),
    graphql: workerUrl('graphql-worker'),
  };
  const page = await esbuild.build({
    ...shared,
    format: 'esm',
    splitting: true,
    jsx: 'automatic',
    entryPoints: { explorer: join(here, 'explorer.tsx') },
    define: { ...shared.define, workerFiles: JSON.stringify(workerFiles) },
    plugins: [withoutEditorStyles],
  });
  const html = readFileSync(join(here, 'index.html'), 'utf8')
    .replace('{{style}}', `/explorer/${outputOf(page, 'explorer', '.css')}`)
    .replace('{{script}}', `/explorer/${outputOf(page, 'explorer', '.js')}`);
  writeFileSync(join(target, 'index.html'), html);
}

/** @param {string} name of an entry point @param {string} extension with its dot */
function outputOf({ metafile }, name, extension) {
  const files = Object.keys(metafile.outputs).map((path) => basename(path));
  const file = files.find((each) => each.startsWith(`${name}-`) && each.endsWith(extension));
  if (!file) throw new Error(`The bundle has no file ${name}-*${extension}.`);
  return file;
}
