/** What became of the writing requests of one call: whether the provider may have carried one out. */
import { GatewayError, type ErrorCode } from '../errors.ts';
import { failedAnswer } from '../http/provider-failure.ts';
import { isReading, type Method } from '../http/request.ts';

/** Errors of a request that never reached the provider, or that may be sent again without harm. */
const unsent: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ADDRESS_REFUSED',
  'REQUEST_INVALID',
  'PROVIDER_UNREACHABLE',
  'PROVIDER_TIMEOUT',
  'OPERATION_TIMEOUT',
  'PROVIDER_RATE_LIMITED',
]);

/** Hears of every writing request of a call, and of the same call made again. */
export class SentWrites {
  #underWay = 0;
  #hasChanged = false;

  /** A write was carried out, or is under way, or nobody knows what became of it. */
  get mayHaveChanged(): boolean {
    return this.#hasChanged || this.#underWay > 0;
  }

  /**
   * Sends a request, and remembers what it came to.
   *
   * @param isKeyed - it carries a key of the provider, and was perhaps sent several times: a refusal tells of the last one only.
   */
  async watch<T>(method: Method, isKeyed: boolean, send: () => Promise<T>): Promise<T> {
    if (isReading(method)) return send();
    this.#underWay++;
    try {
      const answer = await send();
      this.#hasChanged = true;
      return answer;
    } catch (error) {
      if (isKeyed || !wasRefused(error)) this.#hasChanged = true;
      throw error;
    } finally {
      this.#underWay--;
    }
  }
}

/** The provider said that it did nothing, or was never asked. After 5xx it may have done it all the same. */
function wasRefused(error: unknown): boolean {
  const answer = failedAnswer(error);
  if (answer) return answer.status < 500;
  return error instanceof GatewayError && unsent.has(error.code);
}
