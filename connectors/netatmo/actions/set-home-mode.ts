/** POST /setthermmode */
import { defineAction } from '../../../src/connector/define.ts';
import { outcome } from '../objects.ts';

export const setHomeMode = defineAction({
  title: 'Set home mode',
  help: {
    body: 'Heats a whole home by its schedule, as when nobody is there, or just so that nothing freezes.',
    learnMoreUrl: 'https://dev.netatmo.com/apidocumentation/energy#setthermmode',
  },
  idempotent: true,
  scopes: ['write_thermostat'],
  input: [
    { name: 'home_id', optional: false, hint: 'Of the home.' },
    {
      name: 'mode',
      optional: false,
      hint: 'schedule, away, or hg: frost guard.',
      pickList: [
        ['Schedule', 'schedule'],
        ['Away', 'away'],
        ['Frost guard', 'hg'],
      ],
    },
    { name: 'endtime', type: 'date_time', label: 'Until', hint: 'Default: until it is set again.' },
  ],
  output: outcome,
  execute: (connection, { endtime, ...others }) =>
    connection
      .post('setthermmode', { ...others, ...(endtime && { endtime: Math.floor(endtime.getTime() / 1000) }) })
      .requestFormat('www_form_urlencoded'),
});
