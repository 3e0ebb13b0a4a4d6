/** Opens a link in the person's browser, by what the system has for that. */
import { spawn } from 'node:child_process';

/** Does nothing where there is no such program: the link is printed too. Only http and https are opened. */
export function openBrowser(link: string): void {
  const { protocol, href } = new URL(link);
  if (protocol !== 'https:' && protocol !== 'http:') return;
  const [program, ...before] = openers[process.platform] ?? ['xdg-open'];
  // No shell: what stands in a link is never read as a command.
  const child = spawn(program, [...before, href], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  // `start` belongs to the shell of Windows, which would split the link at `&`.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
