/** Answers of OpenWeatherMap, of the shape that its documentation shows. @see https://openweathermap.org/current */

/** `GET /weather`; each city has its own temperature. */
export function weather(id: number, name: string, temp = 18.4) {
  return {
    coord: { lon: 13.41, lat: 52.52 },
    weather: [{ id: 803, main: 'Clouds', description: 'broken clouds', icon: '04d' }],
    base: 'stations',
    main: {
      temp,
      feels_like: 18.1,
      temp_min: 17.2,
      temp_max: 19.9,
      pressure: 1016,
      humidity: 68,
      sea_level: 1016,
      grnd_level: 1011,
    },
    visibility: 10_000,
    wind: { speed: 4.12, deg: 240, gust: 7.2 },
    rain: { '1h': 0.25 },
    clouds: { all: 75 },
    dt: 1_700_000_000,
    sys: { type: 2, id: 2_011_538, country: 'DE', sunrise: 1_699_943_224, sunset: 1_699_975_031 },
    timezone: 3600,
    id,
    name,
    cod: 200,
  };
}

/** `GET /forecast` @see https://openweathermap.org/forecast5 */
export function forecast(count = 2) {
  const list = Array.from({ length: count }, (_, index) => ({
    dt: 1_700_006_400 + index * 10_800,
    main: {
      temp: 12.1 + index,
      feels_like: 11.3,
      temp_min: 11,
      temp_max: 13,
      pressure: 1014,
      sea_level: 1014,
      grnd_level: 1009,
      humidity: 71,
      temp_kf: 0.4,
    },
    weather: [{ id: 500, main: 'Rain', description: 'light rain', icon: '10n' }],
    clouds: { all: 90 },
    wind: { speed: 3.4, deg: 210, gust: 8.1 },
    visibility: 10_000,
    pop: 0.62,
    rain: { '3h': 1.1 },
    sys: { pod: 'n' },
    dt_txt: '2023-11-15 00:00:00',
  }));
  const city = {
    id: 2_950_159,
    name: 'Berlin',
    coord: { lat: 52.52, lon: 13.41 },
    country: 'DE',
    population: 1_000_000,
    timezone: 3600,
    sunrise: 1,
    sunset: 2,
  };
  return { cod: '200', message: 0, cnt: count, list, city };
}
