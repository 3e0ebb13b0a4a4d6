/** POST /setroomthermpoint */
import { defineAction } from '../../../src/connector/define.ts';
import { outcome } from '../objects.ts';

export const setRoomTemperature = defineAction({
  title: 'Set room temperature',
  help: {
    body: 'Heats a room to a temperature for a while, or goes back to its schedule.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation/energy#setroomthermpoint',
  },
  idempotent: true,
  scopes: ['write_thermostat'],
  input: [
    { name: 'home_id', optional: false, hint: 'Of the home.' },
    { name: 'room_id', optional: false, hint: 'Of the room.' },
    {
      name: 'mode',
      default: 'manual',
      hint: 'manual: to `temp`; max: as warm as it gets; home: by the schedule again.',
      pickList: [
        ['Manual', 'manual'],
        ['Maximum', 'max'],
        ['Home', 'home'],
      ],
    },
    { name: 'temp', type: 'number', label: 'Temperature', hint: '°C, for manual.' },
    { name: 'endtime', type: 'date_time', label: 'Until', hint: 'Default: as the home is set up, three hours.' },
  ],
  output: outcome,
  execute: (connection, { endtime, temp, ...others }) =>
    connection
      .post('setroomthermpoint', {
        ...others,
        ...(temp !== undefined && temp !== null && { temp }),
        ...(endtime && { endtime: Math.floor(endtime.getTime() / 1000) }),
      })
      .requestFormat('www_form_urlencoded'),
});
