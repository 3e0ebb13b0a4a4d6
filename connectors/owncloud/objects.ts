/** What a server keeps for its users: files and folders, and shares of them. */
import { defineObject } from '../../src/connector/define.ts';

/** A file or a folder, by its path. @see https://doc.owncloud.com/server/next/developer_manual/webdav_api/ */
export const file = defineObject({
  title: 'File or folder',
  key: 'path',
  lookup: 'get_file',
  fields: [
    { name: 'path', optional: false, hint: 'From / on, without a slash at the end.' },
    { name: 'name', optional: false, hint: 'The last part of its path.' },
    {
      name: 'kind',
      optional: false,
      pickList: [
        ['File', 'FILE'],
        ['Folder', 'FOLDER'],
      ],
    },
    { name: 'size', type: 'integer', format: 'int64', hint: 'Bytes; of a folder, of all that is in it.' },
    { name: 'media_type' },
    { name: 'etag', hint: 'Changes whenever the content does; of a folder, whenever anything in it does.' },
    { name: 'file_id', hint: 'Stays the same when it is moved.' },
    { name: 'permissions', hint: 'Letters of ownCloud, e.g. RDNVW.' },
    { name: 'modified_at', type: 'date_time' },
  ],
});

export const shareKinds = [
  ['User', 'USER'],
  ['Group', 'GROUP'],
  ['Link', 'LINK'],
  ['Federated', 'FEDERATED'],
] as const;

/** That somebody may see a file or a folder. @see https://doc.owncloud.com/server/next/developer_manual/core/apis/ocs-share-api.html */
export const share = defineObject({
  title: 'Share',
  key: 'id',
  lookup: 'get_share',
  fields: [
    { name: 'id', optional: false },
    { name: 'kind', pickList: shareKinds, hint: 'With whom it is shared.' },
    { name: 'file', references: 'file', hint: 'What is shared.' },
    { name: 'path', hint: 'Of what is shared.' },
    { name: 'permissions', type: 'integer', hint: 'Sum of 1 read, 2 change, 4 create, 8 delete, 16 share.' },
    { name: 'uid_owner', label: 'Owner' },
    { name: 'share_with', hint: 'User, group or federated user.' },
    { name: 'share_with_displayname', label: 'Name of whom it is shared with' },
    { name: 'name', hint: 'Of a link.' },
    { name: 'url', label: 'Address', hint: 'Of a link.' },
    { name: 'token', hint: 'Of a link: the last part of its address.' },
    { name: 'expires_on', type: 'date' },
    { name: 'shared_at', type: 'date_time', convertOutput: 'parse_epoch_time' },
  ],
});

/** That something is there no more. */
export const deleted = defineObject({ title: 'Removal', fields: [{ name: 'deleted', type: 'boolean' }] });

export const objects = { file, share, deleted };
