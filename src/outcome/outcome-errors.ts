/** What a repetition of a mutation is told when it cannot be given its answer. */
import { GatewayError, InputError, ProviderError } from '../errors.ts';

/** Which action, in words. */
export interface NamedMutation {
  /** The provider's. */
  readonly title: string;
  /** `<connector>.<action>` */
  readonly operation: string;
}

/** Nobody knows, and so nothing is sent again. */
export function outcomeUnknown({ title, operation }: NamedMutation): ProviderError {
  return new ProviderError(
    'OUTCOME_UNKNOWN',
    `${title}: ${operation} was sent with this idempotency key before, and its answer was lost. It may have been carried out: look before you repeat it with another key. Nothing was sent now.`,
  );
}

export function outcomeNotKept({ title, operation }: NamedMutation): ProviderError {
  return new ProviderError(
    'OUTCOME_NOT_KEPT',
    `${title}: ${operation} was carried out with this idempotency key before, and its answer was too large to be kept, or no JSON. Read what you need. Nothing was sent now.`,
  );
}

export function keyReused({ title, operation }: NamedMutation): InputError {
  return new InputError(
    'IDEMPOTENCY_KEY_REUSED',
    `${title}: the idempotency key of ${operation} was used before, for another action, input or connection. Use a new key for each thing that is to be done. Nothing was sent.`,
  );
}

export function keyInUse({ title, operation }: NamedMutation, cause?: unknown): InputError {
  return new InputError(
    'IDEMPOTENCY_KEY_IN_USE',
    `${title}: ${operation} is still under way with this idempotency key. Ask again to be told what it came to. Nothing was sent now.`,
    { retryAfterMs: 1_000, cause },
  );
}

/** The client of a run goes, and may come back. */
export function notWaitedFor({ title, operation }: NamedMutation, reason: unknown): GatewayError {
  const message = `${title}: ${operation} was not waited for any longer. It may go on: ask again with the same idempotency key to be told what it came to.`;
  if (reason instanceof InputError) return new InputError(reason.code, message);
  return new GatewayError('REQUEST_CANCELLED', message);
}
