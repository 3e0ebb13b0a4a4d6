import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { addExplorerRoutes } from '../../src/server/explorer.ts';
import { fetchJson, runServer } from '../support/running-server.ts';
import { smallGraph } from '../support/small-graph.ts';

describe('the explorer', () => {
  let folder: string;
  let app: FastifyInstance;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'explorer-'));
    app = Fastify();
  });
  afterEach(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });
  const open = async () => {
    writeFileSync(join(folder, 'index.html'), '<p>explorer</p>');
    writeFileSync(join(folder, 'inputs.json'), '{}');
    writeFileSync(join(folder, 'explorer-ABC.js'), 'open()');
    await app.register(async (routes) => addExplorerRoutes(routes, { folder, defaultQuery: '{ greeting }' }));
  };
  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  it('is a page for browsers, under a policy that lets nothing in from elsewhere', async () => {
    await open();
    const page = await app.inject({ url: '/', headers: browser });
    expect([page.statusCode, page.body]).toEqual([200, '<p>explorer</p>']);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(String(page.headers['content-security-policy']).split(';')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "worker-src 'self'",
      "connect-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      "font-src 'self' data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  it('tells programs where GraphQL is', async () => {
    await open();
    const answer = await app.inject({ url: '/', headers: { accept: 'application/json' } });
    expect([answer.statusCode, answer.json().errors[0].message]).toEqual([
      404,
      'Only the explorer is here, for browsers (Accept: text/html). GraphQL is at /graphql.',
    ]);
  });

  it('gives the page its settings', async () => {
    await open();
    const answer = await app.inject('/explorer/settings.json');
    expect(answer.json()).toEqual({ endpoint: '/graphql', defaultQuery: '{ greeting }' });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('lets browsers keep files whose names hold a hash, and serves no other file', async () => {
    await open();
    const file = await app.inject('/explorer/explorer-ABC.js');
    expect([file.statusCode, file.body, file.headers['cache-control']]).toEqual([
      200,
      'open()',
      'public, max-age=31536000, immutable',
    ]);
    for (const path of ['inputs.json', 'index.html', '../package.json', '..%2fpackage.json', '%2e%2e/package.json']) {
      expect([path, (await app.inject(`/explorer/${path}`)).statusCode]).toEqual([path, 404]);
    }
  });

  it('says how it is built when it is not', async () => {
    await app.register(async (routes) => addExplorerRoutes(routes, { folder }));
    const answer = await app.inject({ url: '/', headers: browser });
    expect([answer.statusCode, answer.json().errors[0]]).toEqual([
      404,
      {
        message: 'The explorer is not built. Run `npm run build` once, then start again. GraphQL is at /graphql.',
        extensions: { code: 'NOT_SERVED', requestId: 'req-1' },
      },
    ]);
  });

  it('is off in production unless it is set', async () => {
    const { url } = await runServer(smallGraph(), { production: true, explorer: undefined });
    const answer = await fetchJson(url, { headers: browser });
    expect([answer.status, answer.body.errors[0].extensions.code]).toEqual([404, 'ROUTE_NOT_FOUND']);
  });
});
