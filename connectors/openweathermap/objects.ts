/** What OpenWeatherMap answers: the weather of a place now, and in the next days every three hours. */
import { defineObject, type Notation } from '../../src/connector/define.ts';

const conditions = [
  { name: 'id', type: 'integer', label: 'Condition code', hint: 'https://openweathermap.org/weather-conditions' },
  { name: 'main', hint: 'e.g. Clouds.' },
  { name: 'description', hint: 'e.g. broken clouds.' },
  { name: 'icon' },
] as const satisfies Notation;

const measures = [
  { name: 'temp', type: 'number', label: 'Temperature', hint: '°C' },
  { name: 'feels_like', type: 'number', hint: '°C' },
  { name: 'temp_min', type: 'number', hint: '°C' },
  { name: 'temp_max', type: 'number', hint: '°C' },
  { name: 'pressure', type: 'number', hint: 'hPa, at sea level.' },
  { name: 'humidity', type: 'number', hint: '%' },
  { name: 'sea_level', type: 'number', hint: 'hPa' },
  { name: 'grnd_level', type: 'number', label: 'Ground level', hint: 'hPa' },
] as const satisfies Notation;

const sky = [
  { name: 'weather', type: 'array', properties: conditions },
  { name: 'main', type: 'object', properties: measures, label: 'Measures' },
  { name: 'visibility', type: 'integer', hint: 'Metres, 10 000 at most.' },
  {
    name: 'wind',
    type: 'object',
    properties: [
      { name: 'speed', type: 'number', hint: 'm/s' },
      { name: 'deg', type: 'number', label: 'Direction', hint: 'Degrees from north.' },
      { name: 'gust', type: 'number', hint: 'm/s' },
    ],
  },
  { name: 'clouds', type: 'object', properties: [{ name: 'all', type: 'number', label: 'Cover', hint: '%' }] },
  {
    name: 'rain',
    type: 'object',
    properties: [
      { name: '1h', type: 'number', label: 'Last hour', graphqlName: 'lastHour', hint: 'mm' },
      { name: '3h', type: 'number', label: 'Three hours', graphqlName: 'threeHours', hint: 'mm' },
    ],
  },
] as const satisfies Notation;

/** A place with its weather now. @see https://openweathermap.org/current */
export const place = defineObject({
  title: 'Place',
  description: 'A place, and the weather there now.',
  key: 'id',
  lookup: 'get_weather_by_id',
  fields: [
    { name: 'id', type: 'integer', optional: false, hint: 'Of the city.' },
    { name: 'name' },
    {
      name: 'coord',
      type: 'object',
      label: 'Coordinates',
      properties: [
        { name: 'lon', type: 'number', label: 'Longitude' },
        { name: 'lat', type: 'number', label: 'Latitude' },
      ],
    },
    { name: 'dt', type: 'date_time', label: 'Measured at', graphqlName: 'measuredAt', convertOutput: 'moment' },
    { name: 'timezone', type: 'integer', label: 'Offset', hint: 'Seconds from UTC.' },
    {
      name: 'sys',
      type: 'object',
      label: 'Sun',
      properties: [
        { name: 'country', hint: 'Two letters (ISO 3166).' },
        { name: 'sunrise', type: 'date_time', convertOutput: 'moment' },
        { name: 'sunset', type: 'date_time', convertOutput: 'moment' },
      ],
    },
    ...sky,
  ],
  thing: {
    manufacturer: 'OpenWeatherMap',
    displayType: 'core.WEATHER_STATION',
    list: 'list_places',
    measuredAt: 'dt',
    components: {
      weather: {
        componentType: 'core.WEATHER',
        properties: {
          temperature: { field: 'main.temp', unit: '°C', propertyType: 'core.TEMPERATURE' },
          humidity: { field: 'main.humidity', unit: '%', propertyType: 'core.HUMIDITY' },
          pressure: { field: 'main.pressure', unit: 'hPa', propertyType: 'core.PRESSURE' },
        },
      },
      wind: {
        componentType: 'core.WIND',
        properties: {
          speed: { field: 'wind.speed', unit: 'm/s', propertyType: 'core.WIND_SPEED' },
          direction: { field: 'wind.deg', unit: '°', propertyType: 'core.WIND_DIRECTION' },
        },
      },
    },
  },
});

/** Three hours of the next five days. @see https://openweathermap.org/forecast5 */
export const forecast = defineObject({
  title: 'Forecast',
  fields: [
    { name: 'dt', type: 'date_time', label: 'At', graphqlName: 'at', convertOutput: 'moment' },
    { name: 'pop', type: 'number', label: 'Probability of rain', graphqlName: 'rainProbability', hint: '0 to 1.' },
    ...sky,
  ],
});
