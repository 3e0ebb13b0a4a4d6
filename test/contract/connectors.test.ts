import { describe, expect, it } from '@jest/globals';
import { exercises } from '../connectors/all-exercises.ts';
import { connectorFolders, testConnectorFolder } from './connector-contract.ts';

describe('the connectors that come with Plugboard', () => {
  it('have exercises for every folder', () => {
    expect(connectorFolders().map(nameOf)).toEqual(Object.keys(exercises));
  });
});

for (const folder of connectorFolders()) {
  const known = exercises[nameOf(folder)];
  if (known) testConnectorFolder(folder, known);
}

function nameOf(folder: string): string {
  return folder.split(/[\\/]/).at(-1) ?? '';
}
