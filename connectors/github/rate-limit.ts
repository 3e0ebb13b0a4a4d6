/** GitHub tells a caller to wait by 403 or 429; either way the client learns that, and for how long. */
import { ProviderError, type AfterErrorResponse } from '../../src/connector/define.ts';

/** How both answers begin: the hourly limit, and the secondary one for bursts. */
export const rateLimitAnswer = /"message":\s*"(API rate limit exceeded|You have exceeded a secondary rate limit)/;

/** @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit */
export const refuseRateLimit: AfterErrorResponse = ({ status, headers }) => {
  const retryAfterMs = waitMs(headers);
  throw new ProviderError(
    'PROVIDER_RATE_LIMITED',
    `GitHub answered ${status}: the connected account has used up its requests. Ask again in ${Math.ceil(retryAfterMs / 1000)} s.`,
    { http: { status }, retryAfterMs },
  );
};

function waitMs(headers: Readonly<Record<string, string>>): number {
  const seconds = Number(headers['retry-after']);
  if (seconds > 0) return seconds * 1000;
  const resetMs = Number(headers['x-ratelimit-reset']) * 1000 - Date.now();
  // "Wait at least one minute" is GitHub's advice where it names no time.
  return headers['x-ratelimit-remaining'] === '0' && resetMs > 0 ? resetMs : 60_000;
}
