/** Waits for what cannot be awaited otherwise. */

/** Asks again every few milliseconds until it is so; the time limit of the test ends what never is. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 3));
}
