/** What a provider is answered whose webhook was not accepted: the less the better, but whether to send it again. */
import { AuthorizationError, CallerError, GatewayError, InputError } from '../errors.ts';
import type { WebhookFailure } from './intake-desk.ts';
import type { WebhookAnswer } from './webhook-answer.ts';

/** An answer without words. One that asks to be sent again says when. */
export function plainAnswer(status: number): WebhookAnswer {
  return { status, headers: status === 503 || status === 429 ? { 'retry-after': '5' } : {}, body: '' };
}

/** @param report - hears of the failure. */
export function failureAnswer(
  error: unknown,
  report: (failure: Omit<WebhookFailure, 'address'>) => void,
): WebhookAnswer {
  const code = error instanceof GatewayError ? error.code : 'INTERNAL_ERROR';
  const status = statusOf(error);
  const message = error instanceof GatewayError ? error.message : 'Plugboard failed while it took a webhook.';
  report({ code, status, message });
  return plainAnswer(status);
}

/** 401 and 400 are final; everything else may be otherwise when it is sent again. */
function statusOf(error: unknown): number {
  if (error instanceof CallerError) return 401;
  if (error instanceof InputError) return error.code === 'WEBHOOK_INVALID' ? 400 : 500;
  if (error instanceof AuthorizationError) return 503;
  if (error instanceof GatewayError && waiting.test(error.code)) return 503;
  return 500;
}

const waiting = /^(?:STORE_|LEASE_|REQUEST_CANCELLED$|OPERATION_TIMEOUT$|NOT_READY$)/;
