/** GET /getstationsdata, its modules. */
import { defineAction } from '../../../src/connector/define.ts';
import { readModules } from '../devices.ts';
import { module } from '../objects.ts';

export const listModules = defineAction({
  title: 'List modules',
  help: {
    body: 'The modules of all stations, with what they measured last.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation/weather#getstationsdata',
  },
  readOnly: true,
  scopes: ['read_station'],
  output: module,
  list: true,
  execute: (connection) => readModules(connection),
});
