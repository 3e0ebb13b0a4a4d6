/** GET /homesdata and /homestatus, one of their rooms: the provider has no call for a room alone. */
import { defineAction } from '../../../src/connector/define.ts';
import { readRooms } from '../devices.ts';
import { room } from '../objects.ts';

export const getRoom = defineAction({
  title: 'Get room',
  help: {
    body: 'A room whose heating is controlled, with how warm it is and should be.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation/energy#homestatus',
  },
  readOnly: true,
  scopes: ['read_thermostat'],
  input: [{ name: 'id', optional: false, hint: 'Of the room.' }],
  output: room,
  async execute(connection, { id }) {
    return (await readRooms(connection)).find((each) => each.id === id) ?? null;
  },
});
