/** Answers of Zenodo as developers.zenodo.org prints them, with the parts filled in that it leaves out. */

export const depositionId = 542201;
export const bucket = 'https://zenodo.org/api/files/568377dd-daf8-4235-85e1-a56011ad454b';
const api = 'https://zenodo.org/api/deposit/depositions';

export interface DepositionRow {
  id: number;
  submitted: boolean;
  state: string;
  title: string;
  metadata: Record<string, unknown>;
  [field: string]: unknown;
}

/** What `POST /api/deposit/depositions` answers. https://developers.zenodo.org/#quickstart-upload */
export function newDeposition(id = depositionId): DepositionRow {
  return {
    conceptrecid: String(id - 1),
    created: '2020-05-19T11:58:41.606998+00:00',
    files: [],
    id,
    links: {
      bucket,
      discard: `${api}/${id}/actions/discard`,
      edit: `${api}/${id}/actions/edit`,
      files: `${api}/${id}/files`,
      html: `https://zenodo.org/deposit/${id}`,
      latest_draft: `${api}/${id}`,
      latest_draft_html: `https://zenodo.org/deposit/${id}`,
      publish: `${api}/${id}/actions/publish`,
      self: `${api}/${id}`,
    },
    metadata: { prereserve_doi: { doi: `10.5072/zenodo.${id}`, recid: id } },
    modified: '2020-05-19T11:58:41.607012+00:00',
    owner: 12345,
    record_id: id,
    state: 'unsubmitted',
    submitted: false,
    title: '',
  };
}

/** What the quickstart says of its upload. */
export const quickstartMetadata = {
  title: 'My first upload',
  upload_type: 'poster',
  description: 'This is my first upload',
  creators: [{ name: 'Doe, John', affiliation: 'Zenodo' }],
};

/** A file as `/files` lists it; its size is a text there. */
export const fileRow = {
  checksum: '2b70e04bb31f2656ce967dc07103297f',
  filename: 'myfirstfile.csv',
  id: 'eb78d50b-ecd4-407a-9520-dfc7a9d1ab2c',
  filesize: '27',
};

/** What `PUT {bucket}/dummy_example.pdf` answers. https://developers.zenodo.org/#files */
export function storedFile(key: string, size: number, checksum: string) {
  return {
    mimetype: 'application/pdf',
    updated: '2020-02-26T14:20:53.811817+00:00',
    links: {
      self: `${bucket}/${key}`,
      version: `${bucket}/${key}?versionId=38a724d3`,
      uploads: `${bucket}/${key}?uploads`,
    },
    is_head: true,
    created: '2020-02-26T14:20:53.805734+00:00',
    checksum: `md5:${checksum}`,
    version_id: '38a724d3-40f1-4b27-b236-ed2e43200f85',
    delete_marker: false,
    key,
    size,
  };
}

/** https://developers.zenodo.org/#errors */
export const notFound = { message: 'Deposition not found', status: 404 };
export const unauthorized = {
  message:
    "The server could not verify that you are authorized to access the URL requested. You either supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials required.",
  status: 401,
};
export const invalid = {
  message: 'Validation error',
  status: 400,
  errors: [{ code: 10, message: 'Not a valid choice', field: 'access_right' }],
};
