import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import { alice, openConnectingDesk, type ConnectingDesk } from '../support/connecting-desk.ts';
import { redirectUri } from '../support/oauth-connection.ts';

let server: AuthorizationServer;
let desk: ConnectingDesk;
const seen: string[] = [];

beforeAll(async () => {
  server = await startAuthorizationServer({ clients: [{ clientId: 'app', redirectUris: [redirectUri] }] });
});
afterAll(() => server.close());
beforeEach(async () => {
  seen.length = 0;
  desk = await openConnectingDesk(server, { connecting: { beforeRemoval } });
});
afterEach(() => desk.close());

async function beforeRemoval(tenant: string, connection: string): Promise<void> {
  const { revocations } = await server.counters();
  const record = await desk.stored.read(connection);
  seen.push(`${tenant}: ${record!.value.state}, ${revocations} revoked`);
}

describe('what has to be done before a connection is removed', () => {
  it('is done while it is there, and its tokens are good', async () => {
    const { id } = await desk.connectAs({ subject: 'alice' });
    await desk.connecting.disconnect(alice, id);
    expect(seen).toEqual(['acme: STARTED, 0 revoked']);
    expect(await desk.stored.read(id)).toBeUndefined();
    expect((await server.counters()).revocations).toBeGreaterThan(0);
  });

  it('is not done for a connection of somebody else', async () => {
    const { id } = await desk.connectAs({ subject: 'alice' });
    await expect(desk.connecting.disconnect({ ...alice, subject: 'mallory' }, id)).rejects.toThrow();
    expect(seen).toEqual([]);
  });
});
