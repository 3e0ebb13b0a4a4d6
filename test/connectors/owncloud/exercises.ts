/** One call of every action and trigger of the ownCloud connector, against answers as they are documented. */
import { Content } from '../../../src/content.ts';
import type { ConnectorExercises } from '../../contract/connector-contract.ts';
import { shareRow } from './answers.ts';
import { appPassword, startOwnCloud } from './provider.ts';

const path = '/Documents/Example.odt';

export const exercises: ConnectorExercises = {
  async startProvider() {
    const { origin, server, unmatched, close } = await startOwnCloud();
    const fields = { server, user: 'ada', app_password: appPassword };
    return { fields, senderOptions: { allowedPrivateOrigins: [origin] }, unmatched, close };
  },
  actions: {
    getFile: { path },
    listFiles: { path: '/Documents' },
    downloadFile: { path },
    uploadFile: { path: '/Documents/New.txt', content: Content.of('new') },
    createFolder: { path: '/Photos' },
    copyFile: { from: '/Documents/New.txt', to: '/Photos/Copy.txt' },
    moveFile: { from: '/Photos', to: '/Pictures' },
    deleteFile: { path: '/Pictures' },
    listShares: { path },
    getShare: { id: shareRow.id },
    createShare: { path, kind: 'LINK' },
    deleteShare: { id: shareRow.id },
  },
  triggers: { changedFile: { path: '/' } },
};
