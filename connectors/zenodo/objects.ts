/** What Zenodo keeps for an account: depositions and their files. */
import { defineObject } from '../../src/connector/define.ts';
import { givenMetadata } from './metadata.ts';

/** A file of a deposition. @see https://developers.zenodo.org/#deposition-files */
export const file = defineObject({
  title: 'File',
  fields: [
    { name: 'id', optional: false },
    { name: 'filename' },
    { name: 'filesize', type: 'integer', format: 'int64', hint: 'Bytes.' },
    { name: 'checksum', hint: 'MD5, as Zenodo computed it.' },
    {
      name: 'links',
      type: 'object',
      properties: [
        { name: 'self', hint: 'Address in the REST API.' },
        { name: 'download', hint: 'Its content, for who is signed in.' },
      ],
    },
  ],
});

/** A file as the bucket answers it that has taken it. @see https://developers.zenodo.org/#quickstart-upload */
export const storedFile = defineObject({
  title: 'Stored file',
  fields: [
    { name: 'key', hint: 'Its name.' },
    { name: 'size', type: 'integer', format: 'int64', hint: 'Bytes.' },
    { name: 'mimetype', label: 'Media type' },
    { name: 'checksum', hint: 'With its algorithm before it: md5:…' },
    { name: 'version_id' },
    { name: 'is_head', type: 'boolean', hint: 'Whether it is the latest version.' },
    { name: 'delete_marker', type: 'boolean' },
    { name: 'created', type: 'date_time' },
    { name: 'updated', type: 'date_time' },
    {
      name: 'links',
      type: 'object',
      properties: [{ name: 'self' }, { name: 'version' }, { name: 'uploads' }],
    },
  ],
});

/** Data and what is said of them, by its id. @see https://developers.zenodo.org/#depositions */
export const deposition = defineObject({
  title: 'Deposition',
  key: 'id',
  lookup: 'get_deposition',
  fields: [
    { name: 'id', type: 'integer', format: 'int64', optional: false },
    { name: 'conceptrecid', label: 'Concept record', hint: 'What all its versions have in common.' },
    { name: 'conceptdoi', label: 'Concept DOI', hint: 'Leads to the latest version.' },
    { name: 'record_id', type: 'integer', format: 'int64', hint: 'Of the published record.' },
    { name: 'record_url', hint: 'Page of the published record.' },
    { name: 'doi', label: 'DOI', hint: 'Of a published deposition.' },
    { name: 'doi_url', label: 'DOI link' },
    { name: 'title', hint: 'As in its metadata.' },
    { name: 'state', hint: 'unsubmitted, inprogress, done or error.' },
    { name: 'submitted', type: 'boolean', hint: 'Whether it is published.' },
    { name: 'owner', type: 'integer', format: 'int64', hint: 'Id of the account.' },
    { name: 'created', type: 'date_time' },
    { name: 'modified', type: 'date_time' },
    { name: 'metadata', type: 'object', properties: givenMetadata },
    { name: 'files', type: 'array', of: file },
    {
      name: 'links',
      type: 'object',
      properties: [
        { name: 'self', hint: 'Address in the REST API.' },
        { name: 'html', label: 'Page' },
        { name: 'bucket', hint: 'Where contents of files are sent.' },
        { name: 'files' },
        { name: 'publish' },
        { name: 'edit' },
        { name: 'discard' },
        { name: 'newversion', label: 'New version' },
        { name: 'latest_draft' },
        { name: 'latest_draft_html', label: 'Page of the latest draft' },
      ],
    },
  ],
});

export const objects = { deposition, file, storedFile };
