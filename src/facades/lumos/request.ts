/** What a Lumos caller posts, checked; what is wrong is told as its servers do, with 422 and `detail`. */
import { z } from 'zod';
import type { InputError } from '../../errors.ts';

/** A request of Lumos (contracts: request, auth, page, settings, include_raw_data). */
export interface LumosRequest {
  readonly request: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>> | null;
  readonly auth: Readonly<Record<string, unknown>> | null;
  readonly page: { readonly token?: string | null | undefined; readonly size?: number | null | undefined } | null;
  readonly includeRawData: boolean;
}

/** One thing that is wrong, as FastAPI tells it. */
export interface Detail {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

/** The body is no request of Lumos: it leaves before anything is dispatched. */
export class InvalidRequest extends Error {
  readonly detail: readonly Detail[];

  constructor(detail: readonly Detail[]) {
    super('The body is no request of Lumos.');
    this.detail = detail;
  }
}

const values = z.record(z.string(), z.unknown());
const shape = z.object({
  request: values,
  settings: values.nullish(),
  auth: values.nullish(),
  page: z.strictObject({ token: z.string().nullish(), size: z.number().int().positive().nullish() }).nullish(),
  include_raw_data: z.boolean().nullish(),
  request_id: z.string().nullish(),
});

/** @throws InvalidRequest with all that is wrong, never a value. */
export function readRequest(body: unknown): LumosRequest {
  const read = shape.safeParse(body);
  if (!read.success) throw new InvalidRequest(read.error.issues.flatMap(detailsOf));
  const { request, settings, auth, page, include_raw_data: isRaw } = read.data;
  return {
    request,
    settings: settings ?? null,
    auth: auth ?? null,
    page: page ?? null,
    includeRawData: isRaw === true,
  };
}

function detailsOf(issue: z.core.$ZodIssue): Detail[] {
  const at = (rest: readonly PropertyKey[]) =>
    ['body', ...issue.path, ...rest].map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      loc: at([key]),
      msg: 'Extra inputs are not permitted',
      type: 'extra_forbidden',
    }));
  }
  return [{ loc: at([]), msg: issue.message, type: issue.code === 'invalid_type' ? 'type_error' : 'value_error' }];
}

/** What the capability, or the connector's own action, does not take in `request`. */
export function invalidInput(error: InputError): InvalidRequest {
  const type = error.code === 'INPUT_REQUIRED' ? 'missing' : 'value_error';
  return new InvalidRequest([{ loc: ['body', 'request'], msg: error.message, type }]);
}

/** What is wrong with `auth` or `settings`. */
export function invalidPart(part: 'auth' | 'settings', messages: readonly string[]): InvalidRequest {
  return new InvalidRequest(messages.map((msg) => ({ loc: ['body', part], msg, type: 'value_error' })));
}
