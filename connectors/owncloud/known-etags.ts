/** Remembers the ETags of folders in little room: a cursor has 64 KiB. What is forgotten is walked once more than it had to be. */
import type { FileRow } from './webdav.ts';

/** At some thirty bytes each. */
const mostFolders = 1_500;

export class KnownEtags {
  /** By digest of the path; the one that was seen last is the last. */
  readonly #known: Map<string, string>;

  constructor(kept: Readonly<Record<string, string>> = {}) {
    this.#known = new Map(Object.entries(kept));
  }

  /** Whether something in a folder has changed since it was known; always where the server gives folders no ETags. */
  isChanged({ path, etag }: Pick<FileRow, 'path' | 'etag'>): boolean {
    const key = digest(path);
    const known = this.#known.get(key);
    if (etag === null || known !== digest(etag)) return true;
    this.#known.delete(key);
    this.#known.set(key, known);
    return false;
  }

  know({ path, etag }: Pick<FileRow, 'path' | 'etag'>): void {
    const key = digest(path);
    this.#known.delete(key);
    if (etag !== null) this.#known.set(key, digest(etag));
  }

  /** What a cursor holds. */
  kept(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#known].slice(-mostFolders));
  }
}

/** 64 bits by two runs of FNV-1a: against chance, not against intent. @see http://www.isthe.com/chongo/tech/comp/fnv/ */
function digest(text: string): string {
  return fnv(text, 0x811c9dc5) + fnv(text, 0x050c5d1f);
}

function fnv(text: string, basis: number): string {
  let hash = basis;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(36).padStart(7, '0');
}
