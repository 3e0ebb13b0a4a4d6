/** A real PostgreSQL for one file of tests. */
import { afterAll, describe, it } from '@jest/globals';
import { startPostgres, type TestPostgres } from './start-postgres.ts';

/**
 * Starts one and hands it to `describeWith`, before the tests are run; where there is none for this machine the tests
 * are skipped with the reason. It ends with the file of tests, and also when their process is killed.
 */
export async function withPostgres(describeWith: (postgres: TestPostgres) => void): Promise<void> {
  const started = await startPostgres().catch((error: unknown) => String(error));
  if (typeof started === 'string') {
    describe.skip(`PostgreSQL, which cannot be started here: ${started}`, () => {
      it('is needed', () => {});
    });
    return;
  }
  describeWith(started);
  afterAll(() => started.dispose());
}
