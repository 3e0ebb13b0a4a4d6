/** GET /getstationsdata, one of its modules: the provider has no call for a module alone. */
import { defineAction } from '../../../src/connector/define.ts';
import { readModules } from '../devices.ts';
import { module } from '../objects.ts';

export const getModule = defineAction({
  title: 'Get module',
  help: {
    body: 'A module of a station, with what it measured last.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation/weather#getstationsdata',
  },
  readOnly: true,
  scopes: ['read_station'],
  input: [{ name: '_id', optional: false, label: 'Id', graphqlName: 'id', hint: 'Its MAC address.' }],
  output: module,
  async execute(connection, { _id }) {
    return (await readModules(connection)).find((each) => each._id === _id) ?? null;
  },
});
