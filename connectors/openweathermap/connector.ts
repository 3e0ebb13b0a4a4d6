/** OpenWeatherMap: the weather now and the forecast, for places by their id or name. Each chosen place is a thing. */
import { defineConnector } from '../../src/connector/define.ts';
import { getWeatherById } from './actions/get-weather-by-id.ts';
import { getWeather } from './actions/get-weather.ts';
import { listForecast } from './actions/list-forecast.ts';
import { listPlaces } from './actions/list-places.ts';
import { forecast, place } from './objects.ts';
import { chosenPlaces } from './places.ts';

export default defineConnector({
  name: 'openweathermap',
  title: 'OpenWeatherMap',
  description: 'The weather now and the forecast of the next five days, anywhere.',
  help: {
    body: 'The application registers its AppKey once; each user names the places to watch.',
    learnMoreUrl: 'https://openweathermap.org/api',
    learnMoreText: 'OpenWeatherMap API',
  },
  registration: {
    fields: [
      {
        name: 'app_key',
        label: 'AppKey',
        optional: false,
        controlType: 'password',
        hint: 'openweathermap.org → My API keys',
      },
    ],
  },
  connection: {
    fields: [
      {
        name: 'places',
        optional: false,
        default: '2950159',
        hint: 'Ids of cities, with commas between: the number at the end of the address of a city on openweathermap.org.',
      },
    ],
    baseUri: 'https://api.openweathermap.org/data/2.5/',
    authorization: {
      type: 'api_key',
      // The key goes in the query: the provider knows no header for it. https://openweathermap.org/appid
      apply: (request, connection) => request.params({ appid: connection.fields.app_key ?? '', units: 'metric' }),
    },
  },
  test: (connection) => connection.get('weather').params({ id: chosenPlaces(connection)[0] }),
  objects: { place, forecast },
  actions: { getWeather, getWeatherById, listPlaces, listForecast },
  methods: {
    /** Seconds since 1970, as all times of the provider. */
    moment: (_connection, seconds) => new Date(Number(seconds) * 1000),
  },
});
