import { describe, expect, it } from '@jest/globals';
import { exercises as github } from '../connectors/github/exercises.ts';
import { exercises as myApp } from '../connectors/my-app/exercises.ts';
import { exercises as myCalendar } from '../connectors/my-calendar/exercises.ts';
import { exercises as myLocker } from '../connectors/my-locker/exercises.ts';
import { exercises as netatmo } from '../connectors/netatmo/exercises.ts';
import { exercises as openweathermap } from '../connectors/openweathermap/exercises.ts';
import { exercises as owncloud } from '../connectors/owncloud/exercises.ts';
import { exercises as zenodo } from '../connectors/zenodo/exercises.ts';
import { connectorFolders, testConnectorFolder, type ConnectorExercises } from './connector-contract.ts';

const exercises: Readonly<Record<string, ConnectorExercises>> = {
  github,
  'my-app': myApp,
  'my-calendar': myCalendar,
  'my-locker': myLocker,
  netatmo,
  openweathermap,
  owncloud,
  zenodo,
};

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
