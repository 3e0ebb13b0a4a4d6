/** The log of a gateway. */
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Configuration } from './configuration.ts';

export type { DestinationStream, Logger } from 'pino';

/** JSON lines. What may hold a secret is never given to it; what slips in under a telling name is redacted. */
export function openLog({ logLevel = 'info' }: Configuration, destination: DestinationStream | undefined): Logger {
  const secrets = [
    'authorization',
    'cookie',
    'token',
    'access_token',
    'refresh_token',
    'password',
    'secret',
    'api_token',
  ];
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.headers.${name}`]);
  const settings = { name: 'plugboard', level: logLevel, redact: { paths, censor: '[redacted]' } };
  return destination ? pino(settings, destination) : pino(settings);
}
