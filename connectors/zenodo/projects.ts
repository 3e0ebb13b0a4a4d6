/** Depositions and files as `MetadataStorage` shows them. */

/** A deposition as a project. */
export const project = {
  id: 'id',
  title: 'title',
  state: ({ submitted }: { submitted?: boolean }) => (submitted === true ? 'PUBLISHED' : 'DRAFT'),
  metadata: 'metadata',
  doi: 'doi',
  url: ({ links, record_url }: { links?: { html?: string }; record_url?: string }) => links?.html ?? record_url,
  createdAt: 'created',
  modifiedAt: 'modified',
} as const;

/** A file of the deposition that was asked for. */
export const projectFile = {
  id: 'id',
  project: (_file: unknown, { project: asked }: { project: string }) => asked,
  name: 'filename',
  size: 'filesize',
  checksum: ({ checksum }: { checksum?: string }) => (checksum === undefined ? undefined : `md5:${checksum}`),
} as const;

/** The input that names a deposition. */
export const depositionId = {
  name: 'id',
  type: 'integer',
  format: 'int64',
  optional: false,
  hint: 'Of the deposition.',
} as const;

/** The same where something else of it is asked for. */
export const ofDeposition = { ...depositionId, name: 'deposition_id' } as const;

/** The input that names one of its files. */
export const fileId = { name: 'file_id', optional: false, hint: 'Of the file.' } as const;
