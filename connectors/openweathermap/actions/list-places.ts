/** GET /weather?id= for each place that the connection watches. */
import { defineAction } from '../../../src/connector/define.ts';
import { place } from '../objects.ts';
import { chosenPlaces } from '../places.ts';

export const listPlaces = defineAction({
  title: 'List places',
  help: {
    body: 'The places that were named when the connection was made, with the weather there now. Each is a request.',
    learnMoreUrl: 'https://openweathermap.org/current#cityid',
  },
  readOnly: true,
  scopes: [],
  output: place,
  list: true,
  execute: (connection) =>
    connection.parallel(chosenPlaces(connection).map((id) => connection.get('weather').params({ id }))),
});
