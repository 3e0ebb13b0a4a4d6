/** Zenodo says which fields of the metadata it does not accept; the client should know their names. */
import { ProviderError, type AfterErrorResponse } from '../../src/connector/define.ts';

/** An answer that names fields. @see https://developers.zenodo.org/#errors */
export const refusedFields = /"field"\s*:/;

/** Names alone are told, and only those that can be names: the texts of the answer are the provider's. */
export const refuseFields: AfterErrorResponse = ({ status, body }) => {
  const names = namesIn(body);
  const which = names.length > 0 ? names.join(', ') : 'it names none';
  throw new ProviderError(
    'PROVIDER_BAD_REQUEST',
    `Zenodo does not accept these fields: ${which}. https://developers.zenodo.org/#representation says what each may be.`,
    { http: { status } },
  );
};

function namesIn(body: string): string[] {
  let parsed: { errors?: readonly { field?: unknown }[] };
  try {
    parsed = JSON.parse(body);
  } catch {
    return [];
  }
  const fields = Array.isArray(parsed?.errors) ? parsed.errors.map((error) => error?.field) : [];
  return [...new Set(fields.filter((field) => typeof field === 'string' && /^[\w.]{1,60}$/.test(field)))].slice(
    0,
    20,
  ) as string[];
}
