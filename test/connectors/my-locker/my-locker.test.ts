import { afterEach, describe, expect, it } from '@jest/globals';
import myLocker from '../../../connectors/my-locker/connector.ts';
import { startDemoLocker } from '../../../src/cli/demo-locker.ts';
import { runGateway } from '../../support/running-gateway.ts';

let close: () => Promise<void>;
afterEach(() => close());

describe('the locker connector', () => {
  it('logs in when there is no session, and again when one has ended', async () => {
    const locker = await startDemoLocker();
    ({ close } = locker);
    const { ask } = await runGateway(
      [myLocker],
      { my_locker: { user: 'ada', pin: '1815' } },
      { allowedPrivateOrigins: [locker.origin] },
      { registrations: [{ connector: 'my_locker', baseUri: `${locker.origin}/v1/` }] },
    );
    const expected = { data: { myLockerItems: [{ id: 1 }, { id: 2 }] } };
    expect(await ask('{ myLockerItems { id } }')).toEqual(expected);
    locker.endSessions();
    expect(await ask('{ myLockerItems { id } }')).toEqual(expected);
  });

  it('asks for a new connection when the PIN is no longer right', async () => {
    const locker = await startDemoLocker();
    ({ close } = locker);
    const { ask } = await runGateway(
      [myLocker],
      { my_locker: { user: 'ada', pin: '0000' } },
      { allowedPrivateOrigins: [locker.origin] },
      { registrations: [{ connector: 'my_locker', baseUri: `${locker.origin}/v1/` }] },
    );
    const { errors } = await ask('{ myLockerItems { id } }');
    expect(errors?.[0]?.extensions.code).toBe('REAUTH_REQUIRED');
  });
});
