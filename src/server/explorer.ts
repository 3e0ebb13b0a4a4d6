/** Serves GraphiQL, bundled by `npm run build`, with no request to any other origin. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { errorAnswer } from './error-answer.ts';

export interface ExplorerOptions {
  /** The query in the first tab. */
  readonly defaultQuery?: string;
  /** Folder of the built files; default: `dist/explorer` of this package. */
  readonly folder?: string;
}

/**
 * Adds `/` for browsers, the built files under `/explorer/` and the page's settings at `/explorer/settings.json`.
 * When the files were not built, `/` answers 404 and says how to build them.
 */
export async function addExplorerRoutes(app: FastifyInstance, options: ExplorerOptions = {}): Promise<void> {
  const folder = options.folder ?? builtFolder();
  const page = folder ? readPage(folder) : undefined;
  if (!folder || !page) {
    app.get('/', (request, reply) => {
      const message = 'The explorer is not built. Run `npm run build` once, then start again. GraphQL is at /graphql.';
      const { status, body } = errorAnswer(404, 'NOT_SERVED', message, request.id);
      return reply.code(status).send(body);
    });
    return;
  }
  await app.register(helmet, pageHeaders);
  const settings = { endpoint: '/graphql', defaultQuery: options.defaultQuery ?? '' };
  app.get('/explorer/settings.json', (_request, reply) => reply.header('cache-control', 'no-store').send(settings));
  app.get('/', (request, reply) => {
    if (!request.headers.accept?.includes('text/html')) {
      const message = 'Only the explorer is here, for browsers (Accept: text/html). GraphQL is at /graphql.';
      const { status, body } = errorAnswer(404, 'ROUTE_NOT_FOUND', message, request.id);
      return reply.code(status).send(body);
    }
    return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page);
  });
  await app.register(fastifyStatic, {
    root: folder,
    prefix: '/explorer/',
    index: false,
    // One route per file, known at start: no path from a client reaches the file system.
    wildcard: false,
    globIgnore: ['index.html', 'inputs.json'],
    // The names hold a hash of the content.
    immutable: true,
    maxAge: '365d',
  });
}

/** The policy of the page. Everything comes from our own origin; each exception says why. */
const pageHeaders = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      workerSrc: ["'self'"],
      connectSrc: ["'self'"],
      // The editor (Monaco) places its lines with style attributes and makes its theme a <style> element.
      styleSrc: ["'self'", "'unsafe-inline'"],
      // The style sheets hold small images as data.
      imgSrc: ["'self'", 'data:'],
      // The style sheet holds its fonts as data.
      fontSrc: ["'self'", 'data:'],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // The gateway may well be served without TLS on this machine; whoever ends TLS in front of it sets this.
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' as const },
  xFrameOptions: { action: 'deny' as const },
};

/** `dist/explorer`, found from the source (src/server) and from the built file (dist/src/server) alike. */
function builtFolder(): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [join(here, '../../explorer'), join(here, '../../dist/explorer')];
  return candidates.find((folder) => existsSync(join(folder, 'index.html')));
}

function readPage(folder: string): string | undefined {
  const path = join(folder, 'index.html');
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
