/** The body of an answer as the request's format reads it. */
import { ProviderError } from '../errors.ts';
import { decodeForm } from './formats/form.ts';
import { decodeJson } from './formats/json.ts';
import { decodeText, mediaTypeOf } from './formats/raw.ts';
import { decodeXml, XmlRefused } from './formats/xml.ts';
import type { Format, FormatOptions } from './request.ts';
import type { ReceivedResponse } from './wire.ts';

/** Why a body was not read; its message follows "GitHub answered GET https://…": `with text/html where JSON was expected`. */
export class AnswerRefused extends Error {}

/**
 * Decodes a body. Nothing (204, HEAD, an empty body) is `{}` in JSON, XML and forms, and `''` raw. JSON is read whatever
 * the content type says, because many providers say something else; what it says is named when that fails.
 *
 * @param maxDepth - of JSON, as of `parseJson`.
 * @throws AnswerRefused; the body never enters it.
 */
export function decodeAnswer(
  response: ReceivedResponse,
  format: Format,
  options: FormatOptions | undefined,
  maxDepth?: number,
): unknown {
  const { body, headers, status } = response;
  if (format === 'raw' && options?.bytes === true) return body;
  if (body.length === 0 || status === 204) return format === 'raw' ? '' : {};
  const contentType = headers['content-type'];
  const text = decodeText(body, contentType);
  if (text === undefined) throw new AnswerRefused('in a charset that is not known');
  switch (format) {
    case 'json':
      return readJson(text, contentType, maxDepth);
    case 'xml':
      return readXml(text, contentType, options);
    case 'www_form_urlencoded':
      if (isHtml(mediaTypeOf(contentType)))
        throw new AnswerRefused(`with ${mediaTypeOf(contentType)} where a form was expected`);
      return decodeForm(text);
    case 'multipart':
      throw new AnswerRefused(
        'to a request that expects multipart, which is only sent, never read; use responseFormat("raw")',
      );
    case 'raw':
      break;
  }
  return text;
}

function readJson(text: string, contentType: string | undefined, maxDepth: number | undefined): unknown {
  try {
    return decodeJson(text, maxDepth);
  } catch (error) {
    const mediaType = mediaTypeOf(contentType);
    if (mediaType !== '' && !/[/+]json$/.test(mediaType))
      throw new AnswerRefused(`with ${shown(mediaType)} where JSON was expected`);
    throw new AnswerRefused(`with a body that cannot be read: ${faultOf(error)}`);
  }
}

function readXml(text: string, contentType: string | undefined, options: FormatOptions | undefined): unknown {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === 'text/html' || /[/+]json$/.test(mediaType)) {
    throw new AnswerRefused(`with ${mediaType} where XML was expected`);
  }
  try {
    return decodeXml(text, options);
  } catch (error) {
    throw new AnswerRefused(
      `with a body that is no XML we read: ${error instanceof XmlRefused ? error.message : 'it is not well-formed'}`,
    );
  }
}

/** `parseJson` says where it broke and never quotes the text; of any other error nothing is shown. */
function faultOf(error: unknown): string {
  if (!(error instanceof ProviderError)) return 'it is no JSON';
  return error.message.charAt(0).toLowerCase() + error.message.slice(1).replace(/\.$/, '');
}

/** A media type comes from the provider: only what looks like one is shown. */
function shown(mediaType: string): string {
  return /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(mediaType) ? mediaType : 'an unknown content type';
}

function isHtml(mediaType: string): boolean {
  return mediaType === 'text/html' || mediaType === 'application/xhtml+xml';
}
