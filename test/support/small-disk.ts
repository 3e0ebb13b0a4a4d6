/** A real disk of a given size, in memory, for tests of what happens when it is full. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this user may mount one: root in a container often may not. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mounts();

export interface SmallDisk {
  /** Its size and manner, as of `mount -o`. */
  readonly remount: (options: string) => void;
  readonly unmount: () => void;
}

/** Mounts one at a folder, which is made. */
export function mountDisk(folder: string, options: string): SmallDisk {
  const mount = (how: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', how, 'tmpfs', folder]);
  mkdirSync(folder);
  mount(options);
  return {
    remount: (how) => mount(`remount,${how}`),
    // Lazily: libsql gives its files back only when its statements are collected.
    unmount: () => void execFileSync('umount', ['-l', folder]),
  };
}

function mounts(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
