/** The faults that building or defining something throws, as an author reads them. */
import { DefinitionError, formatFault } from '../../src/errors.ts';

/** Runs what must fail, and gives its faults one by one. */
export function faultsOf(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults.map(formatFault);
    throw error;
  }
  return [];
}
