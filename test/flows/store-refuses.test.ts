/** A PostgreSQL that reads and does not write: read-only, or with a full disk (F10). Polls wait and say why, tokens are kept. */
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createConnectionCredentials } from '../../src/connection/access-token.ts';
import {
  begunConnection,
  connectionKind,
  sealIdentity,
  sealingTarget,
  type ConnectionRecord,
  type ConnectionValue,
} from '../../src/connection/connection-record.ts';
import { tokenPart } from '../../src/connection/connection-tokens.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { Secret } from '../../src/http/secret.ts';
import { createPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { ringOf } from '../support/key-ring.ts';
import type { Store } from '../../src/storage/store.ts';
import { withPostgres } from '../support/postgres.ts';
import { openReplicaShop, type ReplicaShop } from '../support/replica-shop.ts';
import { canMount, mountDisk, type SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const keyRing = ringOf(1);
const connector: Connector = {
  name: 'shop',
  connection: { authorization: { type: 'oauth2', tokenUrl: 'https://auth.example.test/token' } },
};

/** A connection whose access token has ended, at a provider that rotates refresh tokens. */
async function connect({ records }: Store): Promise<ConnectionRecord> {
  const begun = begunConnection({ tenant: 'acme', subject: 'ada', connector: 'shop', label: null });
  const target = sealingTarget({ id: 'c1', value: begun });
  const tokens = {
    access_token: new Secret('old'),
    token_type: 'Bearer',
    refresh_token: new Secret('r'),
    rotates: true,
  };
  const value: ConnectionValue = {
    ...begun,
    state: 'STARTED',
    fields: keyRing.seal('{}', sealIdentity(target, 'fields')),
    ...tokenPart(target, { tokens, scopes: [], expiresAt: 1 }, keyRing),
  };
  return (await records.create(connectionKind, target.id, value)) as ConnectionRecord;
}

await withPostgres((postgres) => {
  let shop: ReplicaShop;
  beforeEach(async () => {
    await postgres.ask('DROP SCHEMA IF EXISTS plugboard CASCADE; DROP SCHEMA IF EXISTS plugboard_queue CASCADE');
    shop = await openReplicaShop();
  });
  afterEach(() => shop.close());

  const setReadOnly = async (isReadOnly: boolean) => {
    await postgres.ask(`ALTER SYSTEM SET default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`);
    await postgres.ask('SELECT pg_reload_conf()');
    // Its processes hear of it one after the other.
    await sleep(300);
  };

  /** A feed goes on where it was, with what its provider has shown meanwhile. */
  async function pauseAndGoOn(refuse: () => Promise<void>, take: () => Promise<void>, code: string, message: string) {
    const replica = await shop.start(postgres.url);
    await shop.connect(replica);
    const subscriber = shop.subscribe(() => replica, await shop.watch(replica, new Date().toISOString()));
    const feeds = async () => (await replica.ask('{ feeds { state lastError { code message } } }')).data.feeds;
    shop.sell(3);
    await subscriber.received(3);
    await refuse();
    shop.sell(900);
    await until(async () => (await feeds())[0].lastError !== null);
    expect(await feeds()).toEqual([{ state: 'BACKING_OFF', lastError: { code, message } }]);
    // Reading goes on, and polls back off: without that there would be twenty a second.
    expect((await replica.ask('{ shopSales { sales { id } } }')).data.shopSales.sales).toHaveLength(903);
    const asked = shop.pollCount();
    await sleep(1_000);
    expect(shop.pollCount() - asked).toBeLessThan(8);
    await take();
    await subscriber.received(903);
    expect([subscriber.ids, subscriber.errors]).toEqual([shop.ids(), []]);
    expect(await feeds()).toEqual([{ state: 'RUNNING', lastError: null }]);
  }

  describe('a store that is read-only', () => {
    afterEach(() => setReadOnly(false));

    it('lets feeds wait, with that as their state, and they lose nothing', async () => {
      const message =
        'The store cannot be written: its database is read-only, or its user may not write. Nothing was changed; let the gateway write there.';
      await pauseAndGoOn(
        () => setReadOnly(true),
        () => setReadOnly(false),
        'STORE_READ_ONLY',
        message,
      );
    });

    it('gets a rotated refresh token as soon as it can be written, though its lease ran out, and it is spent once', async () => {
      const spent: string[] = [];
      const client = {
        tokenUrl: 'https://auth.example.test/token',
        scopes: [],
        canRevoke: false,
        refresh: async (token: Secret) => {
          spent.push(token.reveal());
          await setReadOnly(true);
          const refresh_token = new Secret(`${token.reveal()}+`);
          return { access_token: new Secret('new'), token_type: 'Bearer', refresh_token, expires_in: 3600 };
        },
      };
      const store = await createPostgresStore({ url: postgres.url });
      const record = await connect(store);
      const replicas = [1, 2].map(() =>
        createConnectionCredentials({
          ...store,
          keyRing,
          clients: (async () => client) as never,
          sender: undefined as never,
          limits: { leaseMs: 1_500, renewLeaseEveryMs: 400 },
        }),
      );
      const tokens = replicas.map((one) => async () => {
        const { accessToken } = one.of({ record, connector, registration: undefined });
        return (await accessToken!())?.reveal();
      });
      await expect(tokens[0]!()).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
      await sleep(2_000);
      await expect(tokens[1]!()).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
      await setReadOnly(false);
      expect(await tokens[1]!()).toBe('new');
      expect(await tokens[0]!()).toBe('new');
      expect(spent).toEqual(['r']);
      await Promise.all(replicas.map((one) => one.close()));
      await store.close();
    });
  });

  (canMount ? describe : describe.skip)('a store whose disk is full (needs the right to mount one)', () => {
    let folder: string;
    let disk: SmallDisk;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'full-'));
      await chmod(folder, 0o755);
      const [{ data_directory: data }] = (await postgres.ask('SHOW data_directory')) as [{ data_directory: string }];
      const { uid, gid } = await stat(data);
      disk = mountDisk(join(folder, 'disk'), `size=16m,mode=700,uid=${uid},gid=${gid}`);
      await postgres.ask(`CREATE TABLESPACE small LOCATION '${join(folder, 'disk')}'`);
      await postgres.ask('ALTER DATABASE postgres SET default_tablespace = small');
    });
    afterEach(async () => {
      // Nothing is asked of this server afterwards.
      await postgres.crash();
      disk.unmount();
      await rm(folder, { recursive: true });
    });

    it('lets feeds wait, with that as their state, and they lose nothing', async () => {
      const filler = join(folder, 'disk', 'filler');
      await pauseAndGoOn(
        // As much as fits.
        () => writeFile(filler, Buffer.alloc(16 * 1024 * 1024)).catch(() => {}),
        () => rm(filler),
        'STORE_FULL',
        'The store cannot be written: its disk is full. Nothing was changed; make room and try again.',
      );
    });
  });
});
