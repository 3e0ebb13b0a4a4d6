/** The page at `/`: GraphiQL over this gateway. */
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import './explorer.css';

/** File names of the workers, put in by build.mjs. */
declare const workerFiles: { readonly editor: string; readonly json: string; readonly graphql: string };

interface Settings {
  readonly endpoint: string;
  readonly defaultQuery: string;
}

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_id: string, label: string) =>
      new Worker(label === 'json' || label === 'graphql' ? workerFiles[label] : workerFiles.editor, { name: label }),
  },
});

async function open(): Promise<void> {
  const answer = await fetch('/explorer/settings.json');
  const { endpoint, defaultQuery } = (await answer.json()) as Settings;
  // The headers of the editor's tab become the payload of connection_init.
  const fetcher = createGraphiQLFetcher({ url: endpoint, subscriptionUrl: socketUrl(endpoint) });
  const root = document.getElementById('explorer');
  if (!root) throw new Error('The page has no element "explorer".');
  createRoot(root).render(
    <GraphiQL fetcher={fetcher} defaultQuery={defaultQuery || undefined} shouldPersistHeaders={false}>
      <GraphiQL.Logo>
        <span className="explorer-name">Plugboard</span>
      </GraphiQL.Logo>
    </GraphiQL>,
  );
}

function socketUrl(endpoint: string): string {
  const url = new URL(endpoint, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

void open();
