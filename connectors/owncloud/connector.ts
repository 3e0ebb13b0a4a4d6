/** ownCloud: files and folders by WebDAV, shares by OCS, at a server of one's own. */
import { defineConnector } from '../../src/connector/define.ts';
import { copyFile } from './actions/copy-file.ts';
import { createFolder } from './actions/create-folder.ts';
import { createShare } from './actions/create-share.ts';
import { deleteFile } from './actions/delete-file.ts';
import { deleteShare } from './actions/delete-share.ts';
import { downloadFile } from './actions/download-file.ts';
import { getFile } from './actions/get-file.ts';
import { getShare } from './actions/get-share.ts';
import { listFiles } from './actions/list-files.ts';
import { listShares } from './actions/list-shares.ts';
import { moveFile } from './actions/move-file.ts';
import { uploadFile } from './actions/upload-file.ts';
import { appPassword, oauthApp, serverOf } from './authorization.ts';
import { objects } from './objects.ts';
import { currentUser } from './ocs.ts';
import { changedFile } from './triggers/changed-file.ts';

export default defineConnector({
  name: 'owncloud',
  title: 'ownCloud',
  description: 'Files and folders of a server of one’s own, and who may see them.',
  help: {
    body: 'Connects by signing in at the server, where its app OAuth2 is installed, or with a password for apps.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/',
    learnMoreText: 'ownCloud WebDAV API',
  },
  connection: {
    fields: [
      { name: 'user', label: 'User name', hint: 'Leave it out, and the password too, to sign in at the server.' },
      {
        name: 'app_password',
        controlType: 'password',
        hint: 'Settings → Security → App passwords / tokens.',
      },
    ],
    baseUri: serverOf,
    authorization: {
      type: 'multi',
      selected: ({ app_password }) => (app_password ? 'app_password' : 'oauth'),
      options: { app_password: appPassword, oauth: oauthApp },
    },
  },
  registration: {
    fields: [
      {
        name: 'server',
        optional: false,
        controlType: 'url',
        hint: 'Address of the server, e.g. https://cloud.example.org, with its folder where it has one.',
      },
    ],
  },
  test: (connection) => currentUser(connection),
  objects,
  actions: {
    getFile,
    listFiles,
    downloadFile,
    uploadFile,
    createFolder,
    moveFile,
    copyFile,
    deleteFile,
    listShares,
    getShare,
    createShare,
    deleteShare,
  },
  triggers: { changedFile },
});
