/** What a Lumos caller is answered: four keys, always all of them; the error as seed 004 shows it, beside `response: null`. */
import type { Connector } from '../../connector/definition.ts';
import { addPlace } from '../../connector/name-error.ts';
import { GatewayError } from '../../errors.ts';

export interface Envelope {
  readonly response: unknown;
  readonly raw_data: unknown;
  readonly page: { readonly token: string; readonly size: number | null } | null;
  readonly error: EncounteredError | null;
}

export interface EncounteredError {
  readonly message: string;
  readonly status_code: number | null;
  /** `<app_id>.<code>`; only what is not implemented has no app before it. */
  readonly error_code: string;
  /** The class of the error. */
  readonly raised_by: string | null;
  /** Connector and place in it. */
  readonly raised_in: string | null;
}

export function answered(response: unknown, more: Partial<Envelope> = {}): Envelope {
  return { response, raw_data: null, page: null, error: null, ...more };
}

function failed(error: EncounteredError): Envelope {
  return { response: null, raw_data: null, page: null, error };
}

/** The one error whose code has no prefix. */
export function notImplemented(written: string): Envelope {
  const message = `Capability '${written}' is not implemented.`;
  return failed({ message, status_code: null, error_code: 'not_implemented', raised_by: null, raised_in: null });
}

/**
 * Whatever a capability failed with. Only our own words, and those that a connector chose for people, are shown.
 *
 * @param raisedIn - where it was raised, unless the error itself says so.
 */
export function encountered(error: unknown, connector: Connector, raisedIn: string): Envelope {
  const known = error instanceof GatewayError && error.code !== 'INTERNAL_ERROR' ? error : undefined;
  if (!known) {
    return failed({
      message: 'Plugboard failed. Whoever runs it finds the cause in the log.',
      status_code: null,
      error_code: `${connector.name}.unexpected_error`,
      raised_by: null,
      raised_in: null,
    });
  }
  addPlace(known, { connector, connection: undefined, raisedIn });
  const { details, message } = known;
  return failed({
    message,
    status_code: statusOf(known),
    error_code: details.errorCode ?? `${connector.name}.api_error`,
    raised_by: classOf(known),
    raised_in: `${connector.name}.${(details.raisedIn ?? raisedIn).replace('.', ':')}`,
  });
}

/** The status of the provider's answer; as Lumos has it, a numeric `code` of what the connector threw beats it. */
function statusOf({ details, cause }: GatewayError): number | null {
  const code: unknown = cause instanceof Error ? (cause as { readonly code?: unknown }).code : undefined;
  return typeof code === 'number' ? code : (details.http?.status ?? null);
}

/** In the words of Lumos, where it has any: a failed request, and what a connector raised itself. */
function classOf({ name, code, details, cause }: GatewayError): string {
  if (details.http) return 'HTTPStatusError';
  if (code !== 'CONNECTOR_ERROR') return name;
  return cause instanceof Error ? cause.name : 'ConnectorError';
}
