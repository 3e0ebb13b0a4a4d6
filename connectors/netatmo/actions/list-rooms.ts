/** GET /homesdata, then GET /homestatus for each home. */
import { defineAction } from '../../../src/connector/define.ts';
import { readRooms } from '../devices.ts';
import { room } from '../objects.ts';

export const listRooms = defineAction({
  title: 'List rooms',
  help: {
    body: 'The rooms whose heating is controlled, with how warm they are and should be.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation/energy#homestatus',
  },
  readOnly: true,
  scopes: ['read_thermostat'],
  output: room,
  list: true,
  execute: (connection) => readRooms(connection),
});
