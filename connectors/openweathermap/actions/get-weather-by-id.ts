/** GET /weather?id=: the weather now, by the id of a city. */
import { defineAction } from '../../../src/connector/define.ts';
import { place } from '../objects.ts';

export const getWeatherById = defineAction({
  title: 'Get weather by id',
  help: {
    body: 'The weather now in a city.',
    learnMoreUrl: 'https://openweathermap.org/current#cityid',
  },
  readOnly: true,
  scopes: [],
  input: [{ name: 'id', type: 'integer', optional: false, hint: 'Of the city.' }],
  output: place,
  execute: (connection, { id }) =>
    connection
      .get('weather')
      .params({ id })
      .afterErrorResponse(404, () => null),
});
