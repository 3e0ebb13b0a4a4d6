/** Reads the body of a webhook as its content type says: JSON, a form or text. */
import { InputError, ProviderError } from '../errors.ts';
import { decodeForm } from '../http/formats/form.ts';
import { parseJson } from '../http/parse-json.ts';
import type { Webhook } from './definition.ts';

interface Received {
  readonly body: Uint8Array;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What `notification` is given as `payload`: `raw` is text; `parsed` is JSON or a form, and `{}` of an empty body. JSON is
 * tried where no type, or only that of text, is told: some providers send it so.
 *
 * @throws InputError WEBHOOK_INVALID; it never shows the body.
 */
export function readWebhookBody({ body, headers }: Received, payloadType: Webhook['payloadType']): unknown {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim());
  const text = decode(body, charsetOf(parameters));
  if (payloadType === 'raw') return text;
  if (text === '') return {};
  const mediaType = type.toLowerCase();
  if (mediaType === 'application/x-www-form-urlencoded') return decodeForm(text);
  if (jsonTypes.test(mediaType)) return decodeJson(text);
  const message = "expected the content type of JSON or of a form; got another one. payloadType: 'raw' reads any text.";
  throw invalid(message);
}

const jsonTypes = /^(?:$|text\/plain$|text\/json$|application\/(?:[\w.-]+\+)?json$)/;

function charsetOf(parameters: readonly string[]): string {
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter));
  return charset?.slice('charset='.length).replaceAll('"', '').trim() ?? 'utf-8';
}

function decode(body: Uint8Array, charset: string): string {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(charset, { fatal: true });
  } catch {
    throw invalid('expected a charset that is known; got another one.');
  }
  try {
    return decoder.decode(body);
  } catch {
    throw invalid(`expected text in ${decoder.encoding}; got bytes that are none.`);
  }
}

function decodeJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    throw new InputError('WEBHOOK_INVALID', error.message.replace('The answer', 'The body of the webhook'));
  }
}

function invalid(message: string): InputError {
  return new InputError('WEBHOOK_INVALID', `The body of the webhook: ${message}`);
}
