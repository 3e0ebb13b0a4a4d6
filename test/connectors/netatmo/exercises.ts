/** One call of every action and trigger of the Netatmo connector, against answers as they are documented. */
import type { ConnectorExercises } from '../../contract/connector-contract.ts';
import { homeId, moduleId, roomId, stationId } from './answers.ts';
import { accessToken, startNetatmo } from './provider.ts';

export const exercises: ConnectorExercises = {
  async startProvider() {
    const { senderOptions, unmatched, close } = await startNetatmo();
    return { fields: {}, accessToken, senderOptions, unmatched, close };
  },
  actions: {
    listStations: {},
    getStation: { id: stationId },
    listModules: {},
    getModule: { id: moduleId },
    listRooms: {},
    getRoom: { id: roomId },
    setRoomTemperature: { homeId, roomId, mode: 'manual', temp: 21 },
    setHomeMode: { homeId, mode: 'away' },
  },
  triggers: { newMeasurement: { since: new Date('2023-11-14T00:00:00Z') } },
};
