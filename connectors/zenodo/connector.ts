/**
 * Zenodo: depositions with their metadata and files, up to publication and new versions. It has no triggers: Zenodo calls
 * nobody when something happens, and its list promises no order in time by which one could poll and miss nothing.
 */
import { defineConnector } from '../../src/connector/define.ts';
import { createDeposition } from './actions/create-deposition.ts';
import { createNewVersion } from './actions/create-new-version.ts';
import { deleteDeposition } from './actions/delete-deposition.ts';
import { deleteFile } from './actions/delete-file.ts';
import { discardChanges } from './actions/discard-changes.ts';
import { downloadFile } from './actions/download-file.ts';
import { editDeposition } from './actions/edit-deposition.ts';
import { getDeposition } from './actions/get-deposition.ts';
import { getFile } from './actions/get-file.ts';
import { listDepositions } from './actions/list-depositions.ts';
import { listFiles } from './actions/list-files.ts';
import { publishDeposition } from './actions/publish-deposition.ts';
import { renameFile } from './actions/rename-file.ts';
import { sortFiles } from './actions/sort-files.ts';
import { updateDeposition } from './actions/update-deposition.ts';
import { uploadFile } from './actions/upload-file.ts';
import { oauthApp, personalAccessToken } from './authorization.ts';
import { objects } from './objects.ts';

export default defineConnector({
  name: 'zenodo',
  title: 'Zenodo',
  description: 'Research data and what is said of them, with a DOI when they are published.',
  help: {
    body: 'Connects by signing in at Zenodo, or with a personal access token. sandbox.zenodo.org is for trying: a registration names it by `baseUri`, `authorizationUrl` and `tokenUrl`.',
    learnMoreUrl: 'https://developers.zenodo.org/',
    learnMoreText: 'Zenodo REST API',
  },
  connection: {
    fields: [
      {
        name: 'token',
        label: 'Personal access token',
        controlType: 'password',
        hint: 'Leave it out to sign in at Zenodo. Applications → New token, with deposit:write and deposit:actions.',
      },
    ],
    baseUri: 'https://zenodo.org/api/',
    hosts: ['zenodo.org', 'sandbox.zenodo.org'],
    authorization: {
      type: 'multi',
      selected: ({ token }) => (token ? 'token' : 'oauth'),
      options: { token: personalAccessToken, oauth: oauthApp },
    },
  },
  test: (connection) => connection.get('deposit/depositions').params({ size: 1 }),
  objects,
  actions: {
    listDepositions,
    getDeposition,
    createDeposition,
    updateDeposition,
    deleteDeposition,
    publishDeposition,
    editDeposition,
    discardChanges,
    createNewVersion,
    listFiles,
    getFile,
    uploadFile,
    downloadFile,
    renameFile,
    sortFiles,
    deleteFile,
  },
});
