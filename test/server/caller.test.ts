import { describe, expect, it } from '@jest/globals';
import { everyScope } from '../../src/connection/scopes.ts';
import { callerFrom } from '../../src/server/caller.ts';

describe('callerFrom', () => {
  it('is the local subject without the header', () => {
    expect(callerFrom({})).toEqual({ tenant: 'local', subject: 'local', scopes: everyScope });
  });
  it('takes the subject from the header', () => {
    expect(callerFrom({ 'x-external-subject-id': ' user 7/ä'.replace('ä', 'a') })).toEqual({
      tenant: 'local',
      subject: 'user 7/a',
      scopes: everyScope,
    });
  });
  it.each([
    ['', 'an empty one'],
    ['   ', 'an empty one'],
    ['a'.repeat(201), '201 characters'],
    ['line\nbreak', 'other characters'],
    ['käse', 'other characters'],
  ])('refuses %j', (value, came) => {
    expect(() => callerFrom({ 'x-external-subject-id': value })).toThrow(
      `The header X-External-Subject-Id must be 1 to 200 printable ASCII characters; got ${came}. ` +
        'Send the id of the user for whom you ask.',
    );
  });
});
