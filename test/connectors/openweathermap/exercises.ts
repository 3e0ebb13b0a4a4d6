/** One call of every action of the OpenWeatherMap connector, against answers as they are documented. */
import type { ConnectorExercises } from '../../contract/connector-contract.ts';
import { appKey, startWeather } from './provider.ts';

export const exercises: ConnectorExercises = {
  async startProvider() {
    const { senderOptions, unmatched, close } = await startWeather();
    return { fields: { app_key: appKey, places: '2950159, 2643743' }, senderOptions, unmatched, close };
  },
  actions: {
    getWeather: { name: 'Berlin,de' },
    getWeatherById: { id: '2643743' },
    listPlaces: {},
    listForecast: { id: 2_950_159, count: 3 },
  },
  triggers: {},
};
