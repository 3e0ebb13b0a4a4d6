/** Two gateways in processes of their own on one PostgreSQL: what the one begins the other finishes, and knows at once. */
import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApiKeys } from '../../src/connection/api-keys.ts';
import { createPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import type { Store } from '../../src/storage/store.ts';
import {
  createCookieJar,
  startAuthorizationServer,
  type AuthorizationServer,
} from '../support/authorization-server.ts';
import { bundleWorker, Worker } from '../support/bundled-worker.ts';
import { withPostgres } from '../support/postgres.ts';
import { allScopes, newSealingKey, returnUrl } from '../support/tenant-gateway.ts';
import { until } from '../support/until.ts';

await withPostgres((postgres) => {
  describe('two replicas on one PostgreSQL', () => {
    let server: AuthorizationServer;
    let store: Store;
    let bundle: string;
    let urls: readonly [string, string];
    let key: { readonly id: string; readonly text: string };
    const workers: Worker[] = [];

    beforeAll(async () => {
      server = await startAuthorizationServer({ clients: [{ clientId: 'app', clientSecret: 'secret' }] });
      store = await createPostgresStore({ url: postgres.url });
      const created = await createApiKeys(store.records).create({ tenant: 'acme', name: 'test', scopes: allScopes });
      key = { id: created.id, text: created.text };
      bundle = await bundleWorker(new URL('./replica-worker.ts', import.meta.url));
      const port = await freePort();
      // Both say to browsers that they are at the first one's place: whoever stands before them chooses who answers.
      const shared = {
        baseUrl: `http://127.0.0.1:${port}`,
        returnUrls: [returnUrl],
        key: newSealingKey(),
        store: postgres.url,
      };
      const start = (own: number): Promise<string> => {
        const worker = new Worker(bundle);
        workers.push(worker);
        const { issuer, apiUrl } = server;
        return worker.call('open', { issuer, apiUrl }, { ...shared, port: own });
      };
      urls = [await start(port), await start(0)];
    });
    afterAll(async () => {
      await Promise.all(workers.map((worker) => worker.kill()));
      await store.close();
      await server.close();
      await rm(bundle);
    });

    const ask = async (url: string, query: string): Promise<any> => {
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${key.text}`,
        'x-external-subject-id': 'alice',
      };
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
      return { status: response.status, ...((await response.json()) as object) };
    };

    it('finish a connection that the other began, once however many answers race, and both use it', async () => {
      const [one, other] = urls;
      const registered = await ask(
        one,
        'mutation { registerConnector(connector: "items", fields: { client_id: "app", client_secret: "secret" }) { redirectUri } }',
      );
      await server.addRedirectUri('app', registered.data.registerConnector.redirectUri);
      const begun = await ask(
        one,
        `mutation { connect(connector: "items", returnUrl: "${returnUrl}") { authorizationUrl } }`,
      );
      const cookies = createCookieJar();
      const callback = await server.authorize(begun.data.connect.authorizationUrl, { subject: 'alice', cookies });
      const cookie = cookies.header(callback);
      const answers = [other, one, other, one].map(async (url) => {
        const address = new URL(callback.pathname + callback.search, url);
        const response = await fetch(address, { redirect: 'manual', headers: { cookie } });
        return new URL(response.headers.get('location') ?? 'about:blank').searchParams.get('code');
      });
      const codes = (await Promise.all(answers)).filter((code) => code !== null);
      expect(codes).toHaveLength(1);
      const finish = `mutation { finishConnection(code: "${codes[0]}") { state } }`;
      const finished = await Promise.all([ask(other, finish), ask(one, finish)]);
      expect(finished.filter(({ errors }) => errors === undefined)).toMatchObject([
        { data: { finishConnection: { state: 'STARTED' } } },
      ]);
      for (const url of urls) {
        const { data } = await ask(url, '{ itemsItems { owner } }');
        expect(data.itemsItems[0]).toEqual({ owner: 'alice' });
      }
    });

    it('refuse a key that was revoked elsewhere, without a restart', async () => {
      for (const url of urls) expect((await ask(url, '{ __typename }')).status).toBe(200);
      await createApiKeys(store.records).revoke('acme', key.id);
      for (const url of urls) await until(async () => (await ask(url, '{ __typename }')).status === 401);
    });
  });
});

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
