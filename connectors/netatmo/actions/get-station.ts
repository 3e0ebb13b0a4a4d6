/** GET /getstationsdata?device_id= */
import { defineAction } from '../../../src/connector/define.ts';
import { readStations } from '../devices.ts';
import { station } from '../objects.ts';

export const getStation = defineAction({
  title: 'Get station',
  help: {
    body: 'A weather station, with what it measured last.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation/weather#getstationsdata',
  },
  readOnly: true,
  scopes: ['read_station'],
  input: [{ name: '_id', optional: false, label: 'Id', graphqlName: 'id', hint: 'Its MAC address.' }],
  output: station,
  async execute(connection, { _id }) {
    return (await readStations(connection, _id)).find((each) => each._id === _id) ?? null;
  },
});
