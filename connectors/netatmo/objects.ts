/** What Netatmo answers: stations and modules that measure, and rooms that are heated. */
import { defineObject, type Notation } from '../../src/connector/define.ts';

/** Which of these there are depends on the device. */
const measures = [
  { name: 'time_utc', type: 'date_time', label: 'Measured at', graphqlName: 'measuredAt', convertOutput: 'moment' },
  { name: 'Temperature', type: 'number', hint: '°C' },
  { name: 'CO2', type: 'number', label: 'Carbon dioxide', graphqlName: 'co2', hint: 'ppm' },
  { name: 'Humidity', type: 'number', hint: '%' },
  { name: 'Noise', type: 'number', hint: 'dB' },
  { name: 'Pressure', type: 'number', hint: 'mbar, at sea level.' },
  { name: 'AbsolutePressure', type: 'number', hint: 'mbar' },
  { name: 'Rain', type: 'number', hint: 'mm, since the measurement before.' },
  { name: 'sum_rain_1', type: 'number', label: 'Rain of the last hour', hint: 'mm' },
  { name: 'sum_rain_24', type: 'number', label: 'Rain of the day', hint: 'mm' },
  { name: 'WindStrength', type: 'number', label: 'Wind', hint: 'km/h' },
  { name: 'WindAngle', type: 'number', label: 'Direction of the wind', hint: 'Degrees from north.' },
  { name: 'GustStrength', type: 'number', label: 'Gusts', hint: 'km/h' },
  { name: 'min_temp', type: 'number', hint: '°C, of the day.' },
  { name: 'max_temp', type: 'number', hint: '°C, of the day.' },
  { name: 'temp_trend', hint: 'up, down or stable.' },
] as const satisfies Notation;

/** A station, which is also its indoor module. @see https://dev.netatmo.com/apidocumentation/weather#getstationsdata */
export const station = defineObject({
  title: 'Station',
  key: '_id',
  lookup: 'get_station',
  fields: [
    { name: '_id', optional: false, label: 'Id', graphqlName: 'id', hint: 'Its MAC address.' },
    { name: 'station_name', label: 'Name', graphqlName: 'name' },
    { name: 'home_id' },
    { name: 'home_name' },
    { name: 'type', hint: 'NAMain.' },
    { name: 'module_name', hint: 'Of the indoor module.' },
    { name: 'reachable', type: 'boolean' },
    { name: 'wifi_status', type: 'integer', hint: '86 is bad, 56 is good.' },
    { name: 'last_status_store', type: 'date_time', label: 'Last seen', convertOutput: 'moment' },
    {
      name: 'place',
      type: 'object',
      properties: [
        { name: 'altitude', type: 'number', hint: 'Metres.' },
        { name: 'city' },
        { name: 'country', hint: 'Two letters (ISO 3166).' },
        { name: 'timezone' },
      ],
    },
    { name: 'dashboard_data', type: 'object', label: 'Measures', graphqlName: 'measures', properties: measures },
  ],
  thing: {
    manufacturer: 'Netatmo',
    displayType: 'core.WEATHER_STATION',
    list: 'list_stations',
    name: 'station_name',
    available: 'reachable',
    measuredAt: 'dashboard_data.time_utc',
    components: {
      indoor: {
        componentType: 'core.SENSOR',
        properties: {
          temperature: { field: 'dashboard_data.Temperature', unit: '°C', propertyType: 'core.TEMPERATURE' },
          humidity: { field: 'dashboard_data.Humidity', unit: '%', propertyType: 'core.HUMIDITY' },
          co2: { field: 'dashboard_data.CO2', name: 'Carbon dioxide', unit: 'ppm', propertyType: 'core.CO2' },
          noise: { field: 'dashboard_data.Noise', unit: 'dB', propertyType: 'core.NOISE' },
          pressure: { field: 'dashboard_data.Pressure', unit: 'mbar', propertyType: 'core.PRESSURE' },
        },
      },
    },
  },
});

/** A module of a station: outdoors, rain, wind, or in another room. @see https://dev.netatmo.com/apidocumentation/weather#getstationsdata */
export const module = defineObject({
  title: 'Module',
  key: '_id',
  lookup: 'get_module',
  fields: [
    { name: '_id', optional: false, label: 'Id', graphqlName: 'id', hint: 'Its MAC address.' },
    { name: 'station_id', references: 'station', hint: 'Of its station.' },
    { name: 'module_name', label: 'Name', graphqlName: 'name' },
    { name: 'type', hint: 'NAModule1: outdoors, 2: wind, 3: rain, 4: indoors.' },
    { name: 'reachable', type: 'boolean' },
    { name: 'battery_percent', type: 'integer', label: 'Battery', hint: '%' },
    { name: 'rf_status', type: 'integer', label: 'Radio', hint: '90 is low, 60 is the highest.' },
    { name: 'dashboard_data', type: 'object', label: 'Measures', graphqlName: 'measures', properties: measures },
  ],
  thing: {
    manufacturer: 'Netatmo',
    displayType: 'core.SENSOR',
    list: 'list_modules',
    name: 'module_name',
    available: 'reachable',
    measuredAt: 'dashboard_data.time_utc',
    components: {
      sensor: {
        componentType: 'core.SENSOR',
        properties: {
          temperature: { field: 'dashboard_data.Temperature', unit: '°C', propertyType: 'core.TEMPERATURE' },
          humidity: { field: 'dashboard_data.Humidity', unit: '%', propertyType: 'core.HUMIDITY' },
          rain: { field: 'dashboard_data.Rain', unit: 'mm', propertyType: 'core.RAIN' },
          wind: { field: 'dashboard_data.WindStrength', unit: 'km/h', propertyType: 'core.WIND_SPEED' },
          battery: { field: 'battery_percent', unit: '%', propertyType: 'core.BATTERY' },
        },
      },
    },
  },
});

/** A room whose heating Netatmo controls, by a thermostat or valves. @see https://dev.netatmo.com/apidocumentation/energy#homestatus */
export const room = defineObject({
  title: 'Room',
  key: 'id',
  lookup: 'get_room',
  fields: [
    { name: 'id', optional: false },
    { name: 'home_id', hint: 'Of its home.' },
    { name: 'name' },
    { name: 'type', hint: 'e.g. livingroom.' },
    { name: 'reachable', type: 'boolean' },
    { name: 'therm_measured_temperature', type: 'number', label: 'Measured', graphqlName: 'measured', hint: '°C' },
    { name: 'therm_setpoint_temperature', type: 'number', label: 'Set point', graphqlName: 'setPoint', hint: '°C' },
    { name: 'therm_setpoint_mode', label: 'Mode', graphqlName: 'mode', hint: 'schedule, manual, max, away, hg, off.' },
    {
      name: 'therm_setpoint_end_time',
      type: 'date_time',
      label: 'Until',
      graphqlName: 'until',
      convertOutput: 'moment',
    },
    { name: 'heating_power_request', type: 'integer', label: 'Heating', graphqlName: 'heating', hint: '%' },
    { name: 'open_window', type: 'boolean', hint: 'The temperature fell as it does when a window is open.' },
  ],
  thing: {
    manufacturer: 'Netatmo',
    displayType: 'core.THERMOSTAT',
    list: 'list_rooms',
    available: 'reachable',
    components: {
      thermostat: {
        componentType: 'core.THERMOSTAT',
        properties: {
          temperature: { field: 'therm_measured_temperature', unit: '°C', propertyType: 'core.TEMPERATURE' },
          setPoint: { field: 'therm_setpoint_temperature', unit: '°C', propertyType: 'core.SET_POINT' },
          mode: { field: 'therm_setpoint_mode', propertyType: 'core.MODE' },
          heating: { field: 'heating_power_request', unit: '%', propertyType: 'core.POWER' },
          openWindow: { field: 'open_window', name: 'Open window', propertyType: 'core.CONTACT' },
        },
        actions: {
          setTemperature: {
            action: 'set_room_temperature',
            name: 'Set temperature',
            input: { home_id: 'home_id', room_id: 'id' },
          },
        },
      },
    },
  },
});

/** What a device measured at a time. */
export const measurement = defineObject({
  title: 'Measurement',
  fields: [
    { name: 'device_id', hint: 'Of the station or module.' },
    { name: 'station_id', references: 'station' },
    { name: 'name', hint: 'Of the device.' },
    { name: 'type', hint: 'NAMain or NAModule1 to 4.' },
    ...measures,
  ],
});

/** What Netatmo answers when something was set. */
export const outcome = defineObject({
  title: 'Outcome',
  fields: [
    { name: 'status', hint: 'ok.' },
    { name: 'time_server', type: 'date_time', label: 'At', graphqlName: 'at', convertOutput: 'moment' },
  ],
});
