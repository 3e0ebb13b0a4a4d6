/** OpenWeatherMap on loopback: two cities, one key. */
import { startFakeProvider, type FakeProvider } from '../../support/fake-provider.ts';
import { forecast, weather } from './answers.ts';

export const appKey = 'app-key-3f9a27';
export const cities = { 2_950_159: 'Berlin', 2_643_743: 'London' } as const;

export interface Weather extends FakeProvider {
  /** Temperatures that are other than usual, by city. */
  readonly temperatures: Map<number, number>;
  readonly unmatched: readonly string[];
  readonly senderOptions: {
    readonly replayedOrigins: Record<string, string>;
    readonly allowedPrivateOrigins: string[];
  };
}

export async function startWeather(): Promise<Weather> {
  const temperatures = new Map<number, number>();
  const unmatched: string[] = [];
  const provider = await startFakeProvider(({ method, path, query, url }) => {
    if (query['appid'] !== appKey || query['units'] !== 'metric') {
      return { status: 401, json: { cod: 401, message: 'Invalid API key.' } };
    }
    const byName = Object.entries(cities).find(([, name]) => query['q']?.startsWith(name));
    const id = Number(query['id'] ?? byName?.[0]);
    const name = cities[id as keyof typeof cities];
    if (method === 'GET' && path === '/data/2.5/weather') {
      return name
        ? { json: weather(id, name, temperatures.get(id)) }
        : { status: 404, json: { cod: '404', message: 'city not found' } };
    }
    if (method === 'GET' && path === '/data/2.5/forecast' && name) return { json: forecast(Number(query['cnt'] ?? 2)) };
    unmatched.push(`${method} ${url}`);
    return { status: 404, json: { cod: '404', message: 'Internal error' } };
  });
  return {
    ...provider,
    temperatures,
    unmatched,
    senderOptions: {
      replayedOrigins: { 'https://api.openweathermap.org': provider.origin },
      allowedPrivateOrigins: [provider.origin],
    },
  };
}
