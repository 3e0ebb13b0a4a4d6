/** GET /weather?q=: the weather now, by the name of a place. */
import { defineAction } from '../../../src/connector/define.ts';
import { place } from '../objects.ts';

export const getWeather = defineAction({
  title: 'Get weather',
  help: {
    body: 'The weather now at the first place that is found by this name.',
    learnMoreUrl: 'https://openweathermap.org/current#name',
  },
  readOnly: true,
  scopes: [],
  input: [{ name: 'q', label: 'Name', graphqlName: 'name', optional: false, hint: 'e.g. Berlin,de.' }],
  output: place,
  execute: (connection, { q }) => connection.get('weather').params({ q }),
});
