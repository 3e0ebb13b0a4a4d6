/** GitHub calling a webhook. No recording of one exists: hooks and payloads are as its documentation shows them. */
import { createHmac, randomUUID } from 'node:crypto';
import type { WebhookExercise } from '../../contract/webhook-contract.ts';
import { startFakeProvider, type Handler } from '../../support/fake-provider.ts';
import { recordedIssue, recordedRepository } from './recordings.ts';

const hooks = '/repos/octokit-fixture-org/hello-world/hooks';

/** @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#push */
export function pushPayload(message: string): Record<string, unknown> {
  const id = 'a10867b14bb761a232cd80139fbd4c0d33264240';
  const author = { name: 'Codertocat', email: 'codertocat@example.com', username: 'Codertocat' };
  const commit = {
    id,
    tree_id: 'ec6bb5a1bdb3e8b8b1a4fd1b1a6d2ae1a2b47d63',
    distinct: true,
    message,
    timestamp: '2019-05-15T15:20:41+02:00',
    url: `https://github.com/octokit-fixture-org/hello-world/commit/${id}`,
    author,
    committer: author,
    added: ['README.md'],
    removed: [],
    modified: [],
  };
  return {
    ref: 'refs/heads/master',
    before: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
    after: id,
    created: false,
    deleted: false,
    forced: false,
    base_ref: null,
    compare: 'https://github.com/octokit-fixture-org/hello-world/compare/6113728f27ae...a10867b14bb7',
    commits: [commit],
    head_commit: commit,
    // In a push, unlike everywhere else, these times are numbers.
    repository: { ...recordedRepository(), created_at: 1_557_933_565, pushed_at: 1_557_933_657 },
    pusher: { name: 'Codertocat', email: 'codertocat@example.com' },
    sender: recordedIssue()['user'],
  };
}

export const repositoryEvent: WebhookExercise = {
  input: { owner: 'octokit-fixture-org', repo: 'hello-world', events: ['push'] },
  async startProvider() {
    const kept = new Map<string, { readonly url: string; readonly secret: string }>();
    const provider = await startFakeProvider(answerHooks(kept));
    let count = 0;
    return {
      fields: { token: '0000000000000000000000000000000000000001' },
      senderOptions: {
        replayedOrigins: { 'https://api.github.com': provider.origin },
        allowedPrivateOrigins: [provider.origin],
      },
      url: 'https://gateway.example.com/webhooks/1',
      async deliver() {
        const body = JSON.stringify(pushPayload(`Commit ${++count}`));
        const { secret } = [...kept.values()][0]!;
        return {
          body: Buffer.from(body),
          headers: {
            'content-type': 'application/json',
            'user-agent': 'GitHub-Hookshot/044aadd',
            'x-github-delivery': randomUUID(),
            'x-github-event': 'push',
            'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
          },
          params: {},
        };
      },
      count: () => kept.size,
      close: () => provider.close(),
    };
  },
};

/** @see https://docs.github.com/en/rest/repos/webhooks#create-a-repository-webhook */
function answerHooks(kept: Map<string, { url: string; secret: string }>): Handler {
  return ({ method, path, body }) => {
    if (method === 'POST' && path === hooks) {
      const id = 12_345_678 + kept.size;
      const { name, events, config } = JSON.parse(body);
      kept.set(`${hooks}/${id}`, config);
      const shown = { ...config, secret: '********' };
      return { status: 201, json: { type: 'Repository', id, name, active: true, events, config: shown } };
    }
    if (method === 'DELETE' && kept.delete(path)) return { status: 204 };
    return { status: 404, json: { message: 'Not Found' } };
  };
}
