/** A webhook of a repository: GitHub calls us when something happens, and signs what it says with a secret of ours. */
import { defineTrigger, path, verifyHmac } from '../../../src/connector/define.ts';
import { delivery } from '../events.ts';
import { nameRepository } from '../issue-repository.ts';

export const repositoryEvent = defineTrigger({
  title: 'Repository event',
  help: {
    body: 'GitHub calls the gateway at once, which needs an address that GitHub can reach, and an account that may administer the repository.',
    learnMoreUrl: 'https://docs.github.com/en/webhooks/webhook-events-and-payloads',
  },
  scopes: ['admin:repo_hook'],
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
    {
      name: 'events',
      type: 'array',
      of: 'string',
      hint: 'Kinds of events, e.g. push, issues, issue_comment, release; default push. All: *',
    },
  ],
  output: delivery,
  webhook: {
    async subscribe(url, connection, { owner, repo, events }) {
      const secret = crypto.randomUUID() + crypto.randomUUID();
      const hook = await connection.post(path`repos/${owner}/${repo}/hooks`, {
        name: 'web',
        events: events?.length ? events : ['push'],
        config: { url, content_type: 'json', secret, insecure_ssl: '0' },
      });
      return { owner, repo, hook: hook.id, secret };
    },
    unsubscribe: ({ owner, repo, hook }, connection) =>
      // One that somebody has removed at GitHub is gone, as it should be.
      connection.delete(path`repos/${owner}/${repo}/hooks/${hook}`).afterErrorResponse(404, () => ({})),
    // The id of the delivery is not signed: what was received before is known by its body.
    verify: ({ body, headers, subscription }) =>
      verifyHmac({
        secret: subscription.secret,
        body,
        signature: headers['x-hub-signature-256'],
        prefix: 'sha256=',
      }),
    async notification({ payload, headers }) {
      const event = headers['x-github-event'];
      // The first call says only that there is a webhook now.
      if (event === 'ping') return undefined;
      const { repository, ...subjects } = payload;
      nameRepository(subjects.issue);
      return {
        ...subjects,
        // Of what was signed: whoever repeats a delivery may change the number in its headers.
        id: await digestOf(payload),
        event,
        repository_full_name: repository?.full_name,
      };
    },
  },
  dedup: (row) => row.id,
});

/** The same for the same body, however often it is sent. */
async function digestOf(payload: unknown): Promise<string> {
  const text = JSON.stringify(payload, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('base64url');
}
