/** Netatmo: weather stations with their modules, and rooms whose heating is controlled. Stations, modules and rooms are things. */
import { defineConnector } from '../../src/connector/define.ts';
import { getModule } from './actions/get-module.ts';
import { getRoom } from './actions/get-room.ts';
import { getStation } from './actions/get-station.ts';
import { listModules } from './actions/list-modules.ts';
import { listRooms } from './actions/list-rooms.ts';
import { listStations } from './actions/list-stations.ts';
import { setHomeMode } from './actions/set-home-mode.ts';
import { setRoomTemperature } from './actions/set-room-temperature.ts';
import { measurement, module, outcome, room, station } from './objects.ts';
import { newMeasurement } from './triggers/new-measurement.ts';

export default defineConnector({
  name: 'netatmo',
  title: 'Netatmo',
  description: 'Weather stations and their modules, and the heating of rooms.',
  help: {
    body: 'Connects by signing in at Netatmo.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation',
    learnMoreText: 'Netatmo Connect',
  },
  connection: {
    baseUri: 'https://api.netatmo.com/api/',
    authorization: {
      type: 'oauth2',
      // https://dev.netatmo.com/apidocumentation/oauth
      authorizationUrl: 'https://api.netatmo.com/oauth2/authorize',
      tokenUrl: 'https://api.netatmo.com/oauth2/token',
      clientAuthentication: 'client_secret_post',
      scopes: ['read_station', 'read_thermostat', 'write_thermostat'],
      // A token that has ended is told with 403, like much else: only the text of the error says so.
      refreshOn: [401, 'Access token expired', 'Invalid access token'],
      identity: async (connection) => (await connection.get('getstationsdata')).body.user?.mail,
    },
  },
  test: (connection) => connection.get('getstationsdata'),
  objects: { station, module, room, measurement, outcome },
  actions: {
    listStations,
    getStation,
    listModules,
    getModule,
    listRooms,
    getRoom,
    setRoomTemperature,
    setHomeMode,
  },
  triggers: { newMeasurement },
  methods: {
    /** Seconds since 1970, as all times of the provider. */
    moment: (_connection, seconds) => new Date(Number(seconds) * 1000),
  },
});
