/** One request to a provider: built in a chain, sent once, at the first `await`. */

export type Method = 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
/** A status, a part of the message or body, or a pattern for either. */
export type RequestMatcher = number | string | RegExp;

/** An answer, decoded by its format. Header names are lower case. */
export interface ProviderResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly url: string;
}

/** Gives credentials to a request, sends it and decodes the answer. */
export type Dispatch = (request: Request) => Promise<ProviderResponse>;

export declare class Request implements PromiseLike<any> {
  constructor(method: Method, url: string, dispatch: Dispatch, payload?: unknown);
  params(values: Readonly<Record<string, unknown>> | string): this;
  payload(values: unknown): this;
  headers(values: Readonly<Record<string, string>>): this;
  user(name: string): this;
  password(value: string): this;
  response(): Promise<ProviderResponse>;
  then<R1 = any, R2 = never>(
    onfulfilled?: ((value: any) => R1 | PromiseLike<R1>) | null,
    onrejected?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2>;
}
