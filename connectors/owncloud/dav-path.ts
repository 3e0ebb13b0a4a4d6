/** Paths of files, as people and the graph write them, and as WebDAV does. */
import { InputError } from '../../src/connector/define.ts';

/** Where WebDAV begins, below the server. @see https://doc.owncloud.com/server/next/developer_manual/webdav_api/ */
export const davRoot = 'remote.php/webdav';

/** No server takes longer ones, and each part is a name on its disk. */
const longestPath = 4_000;

/**
 * The address of a path below the server. Each part stays one part, whatever it holds.
 *
 * @throws InputError INPUT_INVALID for a path without a slash in front, with `.` or `..` as a part, too long, or not Unicode.
 */
export function davPath(path: string, argument = 'path'): string {
  const parts = partsOf(path, argument).map(encodeURIComponent);
  return [davRoot, ...parts].join('/');
}

/** As `davPath`, of a folder: some servers want a slash at its end. */
export function davFolder(path: string, argument = 'path'): string {
  return `${davPath(path, argument)}/`;
}

/** The path in the one form in which rows have it. @throws as `davPath` */
export function cleanPath(path: string, argument = 'path'): string {
  return `/${partsOf(path, argument).join('/')}`;
}

/** The last part; of the first folder, `/`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || '/';
}

/** The folder in which it lies. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** Refuses the first folder, which is there for good. */
export function refuseRoot(path: string, argument = 'path'): void {
  if (cleanPath(path, argument) !== '/') return;
  throw new InputError('INPUT_INVALID', `${argument}: expected a file or folder within the first one; got "/".`);
}

function partsOf(path: string, argument: string): string[] {
  const refuse = (expected: string, got: string): never => {
    throw new InputError('INPUT_INVALID', `${argument}: expected ${expected}; got ${got}.`);
  };
  if (!path.startsWith('/')) refuse('a path that begins with "/"', 'one that does not');
  if (path.length > longestPath) refuse(`a path of at most ${longestPath} characters`, `one of ${path.length}`);
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]|\p{Surrogate}/u.test(path)) refuse('a path of signs that can be written', 'one with another');
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.some((part) => part === '.' || part === '..')) refuse('a path without the parts "." and ".."', 'one with');
  return parts;
}
