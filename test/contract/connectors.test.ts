import { describe, expect, it } from '@jest/globals';
import { connectorFolders, testConnectorFolder } from './connector-contract.ts';

describe('the connectors that come with Plugboard', () => {
  it('are github and my-app', () => {
    expect(connectorFolders().map((folder) => folder.split(/[\\/]/).at(-1))).toEqual(['github', 'my-app']);
  });
});

connectorFolders().forEach(testConnectorFolder);
