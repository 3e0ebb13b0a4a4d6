/** GET /forecast?id=: the next five days, every three hours. */
import { defineAction } from '../../../src/connector/define.ts';
import { forecast } from '../objects.ts';

export const listForecast = defineAction({
  title: 'List forecast',
  help: {
    body: 'The next five days of a city, every three hours.',
    learnMoreUrl: 'https://openweathermap.org/forecast5#cityid5',
  },
  readOnly: true,
  scopes: [],
  input: [
    { name: 'id', type: 'integer', optional: false, hint: 'Of the city.' },
    {
      name: 'cnt',
      type: 'integer',
      label: 'Count',
      graphqlName: 'count',
      hint: 'So many times three hours, 40 at most.',
    },
  ],
  output: forecast,
  list: true,
  async execute(connection, { id, cnt }) {
    const { list } = await connection.get('forecast').params(cnt ? { id, cnt } : { id });
    return list;
  },
});
