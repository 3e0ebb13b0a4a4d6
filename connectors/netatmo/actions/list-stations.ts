/** GET /getstationsdata */
import { defineAction } from '../../../src/connector/define.ts';
import { readStations } from '../devices.ts';
import { station } from '../objects.ts';

export const listStations = defineAction({
  title: 'List stations',
  help: {
    body: 'The weather stations of the account, with what they measured last.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation/weather#getstationsdata',
  },
  readOnly: true,
  scopes: ['read_station'],
  output: station,
  list: true,
  execute: (connection) => readStations(connection),
});
