/** One call of every action of the Zenodo connector, against answers as they are documented. */
import type { ConnectorExercises } from '../../contract/connector-contract.ts';
import { depositionId, fileRow } from './answers.ts';
import { accessToken, startZenodo } from './provider.ts';

const ofDeposition = { depositionId };
const ofFile = { depositionId, fileId: fileRow.id };
const metadata = { title: 'My first upload', uploadType: 'poster', creators: [{ name: 'Doe, John' }] };

export const exercises: ConnectorExercises = {
  async startProvider() {
    const { senderOptions, unmatched, close, depositions, contents } = await startZenodo();
    depositions.get(depositionId)!.files = [{ ...fileRow }];
    contents.set(fileRow.filename, Buffer.from('a,b\n1,2\n'));
    return { fields: { token: accessToken }, senderOptions, unmatched, close };
  },
  openObjects: ['createDeposition.input.further', 'updateDeposition.input.further'],
  actions: {
    listDepositions: { status: 'draft' },
    getDeposition: { id: depositionId },
    createDeposition: { metadata },
    updateDeposition: { id: depositionId, metadata },
    listFiles: ofDeposition,
    getFile: ofFile,
    downloadFile: ofFile,
    uploadFile: { ...ofDeposition, name: 'dummy example.pdf' },
    renameFile: { ...ofFile, name: 'renamed.csv' },
    sortFiles: { ...ofDeposition, fileIds: [fileRow.id] },
    deleteFile: ofFile,
    publishDeposition: { id: depositionId },
    editDeposition: { id: depositionId },
    discardChanges: { id: depositionId },
    createNewVersion: { id: depositionId },
    deleteDeposition: { id: depositionId + 1 },
  },
  triggers: {},
};
