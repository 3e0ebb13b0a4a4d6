import { expect, it } from '@jest/globals';
import { labelize } from '../../src/notation/labelize.ts';

it.each([
  ['created_at', 'Created at'],
  ['customer_id', 'Customer ID'],
  ['userId', 'User ID'],
  ['html_url', 'Html URL'],
  ['HTMLUrl', 'HTML URL'],
  ['address2_line', 'Address 2 line'],
  ['concatenated42numbers', 'Concatenated 42 numbers'],
  ['id', 'ID'],
  ['uri', 'URI'],
  ['firstName', 'First name'],
  ['API_token', 'API token'],
  ['', ''],
])('makes of %j the label %j', (name, label) => {
  expect(labelize(name)).toBe(label);
});
