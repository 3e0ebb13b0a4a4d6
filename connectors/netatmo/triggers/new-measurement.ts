/** GET /getstationsdata: each time that a station or module has measured. */
import { defineTrigger } from '../../../src/connector/define.ts';
import { readStations } from '../devices.ts';
import { measurement } from '../objects.ts';

export const newMeasurement = defineTrigger({
  title: 'New measurement',
  help: {
    body: 'A station or one of its modules has measured, which they do every five or ten minutes. Only the latest is told.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation/weather#getstationsdata',
  },
  scopes: ['read_station'],
  startField: 'since',
  // Stations tell the provider every ten minutes; more often would find nothing, and use up the 500 calls of an hour.
  intervalMs: 300_000,
  // A module may be heard of later than one that measured after it.
  lookBackMs: 1_200_000,
  input: [
    { name: 'station_id', label: 'Station', hint: 'Only this one and its modules; its MAC address.' },
    {
      name: 'since',
      type: 'date_time',
      hint: 'Start with what was measured at this time or later, instead of from now on.',
    },
  ],
  output: measurement,
  async poll(connection, { station_id, since }, latest: number | undefined) {
    const from = latest ?? Math.floor((since ?? new Date()).getTime() / 1000);
    const stations = await readStations(connection, station_id ?? undefined);
    const events = stations
      .flatMap(({ modules = [], ...station }) =>
        [station, ...modules].map(({ _id, type, module_name, dashboard_data }) => ({
          device_id: _id,
          station_id: station._id,
          name: module_name ?? null,
          type,
          ...dashboard_data,
        })),
      )
      .filter(({ time_utc = 0 }) => time_utc >= from)
      .sort((one, other) => one.time_utc - other.time_utc);
    return { events, nextPoll: events.at(-1)?.time_utc ?? from, canPollMore: false };
  },
  sortBy: ({ time_utc }) => time_utc,
  dedup: ({ device_id, time_utc }) => [device_id, time_utc].join('@'),
});
