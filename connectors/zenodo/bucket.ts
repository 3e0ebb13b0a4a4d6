/** Where contents of a deposition's files are sent and fetched. https://developers.zenodo.org/#files */
import { path, ProviderError } from '../../src/connector/define.ts';

/** A deposition, as far as its files are concerned. */
export interface Deposition {
  readonly links?: { readonly bucket?: string };
  readonly files?: readonly { readonly id?: string; readonly filename?: string }[];
}

/** The address of a file by its name. */
export function inBucket({ links }: Deposition, name: string): string {
  if (typeof links?.bucket === 'string') return `${links.bucket}/${path`${name}`}`;
  throw new ProviderError('PROVIDER_ANSWER_INVALID', 'Zenodo did not say where the files of this deposition are.');
}

/** The name of a file by its id. */
export function nameOf({ files = [] }: Deposition, id: string): string {
  const name = files.find((file) => file.id === id)?.filename;
  if (name !== undefined) return name;
  throw new ProviderError('PROVIDER_NOT_FOUND', 'This deposition has no file of that id.');
}
