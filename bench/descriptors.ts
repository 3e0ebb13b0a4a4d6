/** How many sockets a process of this machine may have open. */

interface Limits {
  readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } };
}

/** Beside the sockets: files, pipes, the store, the provider's connections. */
const others = 500;

/**
 * Ends the bench, saying why, where a process may not have so many sockets; Node takes all that the hard limit allows.
 *
 * @param sockets - of one process.
 */
export function requireDescriptors(sockets: number): void {
  const { userLimits } = process.report.getReport() as Limits;
  const limit = Number(userLimits?.open_files?.soft);
  // Not a number: unlimited, or a system that knows no such limit.
  if (Number.isNaN(limit) || limit >= sockets + others) return;
  console.error(
    `${sockets} sockets cannot be measured here: a process may have ${limit} open files, and needs ${sockets + others}. Raise the limit (\`ulimit -n ${sockets + others}\`), or measure fewer with --quick.`,
  );
  process.exit(1);
}
