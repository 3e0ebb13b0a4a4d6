/** The secret part of the facade's address, as the configuration says it. */
import { DefinitionError } from '../../errors.ts';
import type { RdsSettings } from './settings.ts';

/**
 * @param insecureDev - whether nobody is asked for credentials anyway, on loopback alone.
 * @returns `undefined`: the facade is plainly at `/rds`.
 * @throws DefinitionError CONFIGURATION_INVALID
 */
export function readRdsSecret(
  { secret }: Pick<RdsSettings, 'secret'>,
  environment: Readonly<Record<string, string | undefined>>,
  insecureDev: boolean,
): string | undefined {
  if (secret === undefined && insecureDev) return undefined;
  const text = typeof secret === 'object' ? environment[secret.env] : secret;
  if (text !== undefined && /^[\w-]{32,200}$/.test(text)) return text;
  const got = text === undefined ? 'nothing' : 'another';
  const message = `expected at least 32 letters, digits, "-" and "_", e.g. of \`openssl rand -hex 32\`: whoever knows the address acts for the tenant; got ${got}. Only insecureDev does without.`;
  throw new DefinitionError([{ code: 'CONFIGURATION_INVALID', path: 'facades.rds.secret', message }]);
}
