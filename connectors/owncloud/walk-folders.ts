/** Walks a tree of folders in one order, some at a time: first the files of a folder, then its folders, each by their names. */
import type { OpenConnection } from '../../src/connector/define.ts';
import type { KnownEtags } from './known-etags.ts';
import { readFolder, type FileRow } from './webdav.ts';

/** A folder, and the last of its files that was given. */
export interface Place {
  readonly folder: string;
  readonly after?: string | undefined;
}

/** A page of events is one transaction, of a thousand at most. */
const mostFiles = 1_000;
/** A call may send a hundred requests; those for the folders above come on top. */
const mostFolders = 20;

/**
 * Gives the files of folders that have changed, from `at` on, and where to go on.
 *
 * @throws the connector's own error `not_found` when the first folder is not there.
 */
export async function walkFolders(
  connection: OpenConnection,
  root: string,
  etags: KnownEtags,
  at: Place | undefined,
): Promise<{ readonly files: readonly FileRow[]; readonly at: Place | undefined }> {
  const waiting = at ? await waitingAt(connection, root, etags, at) : [{ folder: root }];
  const files: FileRow[] = [];
  for (let walked = 0; walked < mostFolders; walked++) {
    const place = waiting.pop();
    if (!place) return { files, at: undefined };
    const folder = await readFolder(connection, place.folder);
    if (!folder) {
      // Others were removed while they waited.
      if (place.folder === root) connection.error(`There is no folder ${JSON.stringify(root)}.`, 'not_found');
      continue;
    }
    if (place.after === undefined && !etags.isChanged(folder.self)) continue;
    const { after = '' } = place;
    const own = sorted(folder.rows).filter(({ kind, name }) => kind === 'FILE' && name > after);
    const given = own.slice(0, mostFiles - files.length);
    files.push(...given);
    if (given.length < own.length) {
      return { files, at: { folder: place.folder, after: given.at(-1)?.name ?? place.after } };
    }
    etags.know(folder.self);
    waiting.push(...changedFolders(folder.rows, etags));
  }
  return { files, at: waiting.at(-1) };
}

/** What waits, the next one last: the folders above are asked again for what follows in them. */
async function waitingAt(connection: OpenConnection, root: string, etags: KnownEtags, at: Place): Promise<Place[]> {
  const waiting: Place[] = [];
  for (let above = root; above !== at.folder;) {
    const next = childTowards(above, at.folder);
    const folder = await readFolder(connection, above);
    const following = changedFolders(folder?.rows ?? [], etags).filter(({ folder: path }) => path > next);
    waiting.push(...following);
    above = next;
  }
  return [...waiting, at];
}

/** The last one first, since a walk takes from the end. */
function changedFolders(rows: readonly FileRow[], etags: KnownEtags): Place[] {
  const folders = sorted(rows).filter((row) => row.kind === 'FOLDER' && etags.isChanged(row));
  return folders.map(({ path }) => ({ folder: path })).toReversed();
}

function sorted(rows: readonly FileRow[]): FileRow[] {
  return rows.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function childTowards(folder: string, path: string): string {
  const start = folder === '/' ? 1 : folder.length + 1;
  const end = path.indexOf('/', start);
  return end < 0 ? path : path.slice(0, end);
}
