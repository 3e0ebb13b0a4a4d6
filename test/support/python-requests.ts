/** The machine's python3 with its requests (python3-requests of Debian), as services of RDS use it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, it } from '@jest/globals';

const run = promisify(execFile);
const python = process.env['PYTHON3'] ?? 'python3';

/** Runs a script and gives what it prints. */
export type RunPython = (file: string, environment?: Readonly<Record<string, string>>) => Promise<string>;

/** Hands it to `describeWith`, before the tests are run; where there is none on this machine the tests are skipped with the reason. */
export async function withPythonRequests(describeWith: (runPython: RunPython) => void): Promise<void> {
  // Whatever proxy the machine has, it is none to itself.
  const own = { ...process.env, NO_PROXY: '*', PYTHONDONTWRITEBYTECODE: '1' };
  const isThere = await run(python, ['-c', 'import requests'], { env: own }).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    describe.skip(`python3 with python3-requests, of which there is none as ${python}`, () => {
      it('is needed', () => {});
    });
    return;
  }
  describeWith(async (file, environment = {}) => {
    const { stdout } = await run(python, [file], { env: { ...own, ...environment }, timeout: 60_000 });
    return stdout;
  });
}
