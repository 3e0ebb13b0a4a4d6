/** Answers of Netatmo, of the shape that its documentation shows. @see https://dev.netatmo.com/apidocumentation */

export const stationId = '70:ee:50:00:00:01';
export const moduleId = '02:00:00:00:00:02';
export const roomId = '2746182631';
export const homeId = '5a327cbdb05a2133678b5d3e';

/** `GET /getstationsdata` */
export function stationsData(temperature = 21.3, measuredAt = 1_700_000_000) {
  return {
    body: {
      devices: [
        {
          _id: stationId,
          date_setup: 1_435_834_348,
          last_setup: 1_435_834_348,
          type: 'NAMain',
          last_status_store: measuredAt + 5,
          module_name: 'Indoor',
          firmware: 137,
          wifi_status: 55,
          reachable: true,
          co2_calibrating: false,
          station_name: 'Casa',
          home_id: homeId,
          home_name: 'Casa',
          data_type: ['Temperature', 'CO2', 'Humidity', 'Noise', 'Pressure'],
          place: {
            altitude: 30.5,
            city: 'Boulogne-Billancourt',
            country: 'FR',
            timezone: 'Europe/Paris',
            location: [2.2, 48.8],
          },
          dashboard_data: {
            time_utc: measuredAt,
            Temperature: temperature,
            CO2: 967,
            Humidity: 41,
            Noise: 42,
            Pressure: 997.6,
            AbsolutePressure: 1017.4,
            min_temp: 20.9,
            max_temp: 23.4,
            date_min_temp: 1_699_970_000,
            date_max_temp: 1_699_990_000,
            temp_trend: 'up',
            pressure_trend: 'up',
          },
          modules: [
            {
              _id: moduleId,
              type: 'NAModule1',
              module_name: 'Outdoor',
              data_type: ['Temperature', 'Humidity'],
              last_setup: 1_435_834_348,
              reachable: true,
              dashboard_data: {
                time_utc: measuredAt - 30,
                Temperature: 7.9,
                Humidity: 82,
                min_temp: 5.1,
                max_temp: 9.3,
                temp_trend: 'down',
              },
              firmware: 44,
              last_message: measuredAt - 25,
              last_seen: measuredAt - 30,
              rf_status: 79,
              battery_vp: 5613,
              battery_percent: 79,
            },
          ],
        },
      ],
      user: { mail: 'ada@example.com', administrative: { lang: 'en-US', reg_locale: 'en-US', country: 'FR', unit: 0 } },
    },
    status: 'ok',
    time_exec: 0.05,
    time_server: measuredAt + 60,
  };
}

/** `GET /homesdata` */
export function homesData() {
  const home = {
    id: homeId,
    name: 'Casa',
    altitude: 30,
    country: 'FR',
    timezone: 'Europe/Paris',
    rooms: [{ id: roomId, name: 'Living room', type: 'livingroom', module_ids: ['04:00:00:00:00:04'] }],
    modules: [
      { id: '70:ee:50:00:00:03', type: 'NAPlug', name: 'Relay', modules_bridged: ['04:00:00:00:00:04'] },
      { id: '04:00:00:00:00:04', type: 'NATherm1', name: 'Thermostat', room_id: roomId, bridge: '70:ee:50:00:00:03' },
    ],
    therm_mode: 'schedule',
  };
  const unheated = { id: '5a0000000000000000000000', name: 'Shed', rooms: [], modules: [{ id: 'x', type: 'NAMain' }] };
  return {
    body: { homes: [home, unheated], user: { email: 'ada@example.com' } },
    status: 'ok',
    time_server: 1_700_000_060,
  };
}

/** `GET /homestatus` */
export function homeStatus(setPoint = 19, mode = 'schedule') {
  const room = {
    id: roomId,
    reachable: true,
    therm_measured_temperature: 19.8,
    therm_setpoint_temperature: setPoint,
    therm_setpoint_mode: mode,
    therm_setpoint_start_time: 1_699_999_000,
    therm_setpoint_end_time: 1_700_010_000,
    heating_power_request: 0,
    open_window: false,
  };
  const home = {
    id: homeId,
    rooms: [room],
    modules: [{ id: '04:00:00:00:00:04', type: 'NATherm1', reachable: true, battery_level: 3793 }],
  };
  return { status: 'ok', time_server: 1_700_000_060, body: { home } };
}
