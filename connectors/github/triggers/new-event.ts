/** GET /repos/{owner}/{repo}/events lists the newest events first; the runtime pages back to those that it knows. */
import { defineTrigger, path } from '../../../src/connector/define.ts';
import { event } from '../events.ts';
import { nameRepository } from '../issue-repository.ts';

const pageSize = 100;
/** GitHub keeps 300 events, and refuses to be asked for more. */
const lastPage = 3;

export const newEvent = defineTrigger({
  title: 'New event',
  help: {
    body: 'Something happened in a repository: a push, an issue, a release, a star. GitHub shows events 30 seconds to some hours later.',
    learnMoreUrl: 'https://docs.github.com/en/rest/activity/events#list-repository-events',
  },
  scopes: [],
  type: 'paging_desc',
  startField: 'since',
  intervalMs: 60_000,
  // How long GitHub asks to wait, longer while it is busy.
  intervalHeader: 'X-Poll-Interval',
  // Events do not show in the order in which they happened.
  lookBackMs: 60 * 60_000,
  // An answer without changes is not counted against the rate limit.
  conditional: true,
  input: [
    { name: 'owner', optional: false, hint: 'Login of the user or organization.' },
    { name: 'repo', optional: false, hint: 'Name of the repository, without the owner.' },
    { name: 'since', type: 'date_time', hint: 'Start with the events at this time or later, instead of from now on.' },
  ],
  output: event,
  async poll(connection, { owner, repo, since }, nextPage: number | undefined) {
    const page = nextPage ?? 1;
    const rows: readonly EventRow[] = await connection
      .get(path`repos/${owner}/${repo}/events`)
      .params({ per_page: pageSize, page });
    const events = rows.filter((row) => !since || Date.parse(row.created_at) >= since.getTime()).map(nameParts);
    const isMore = rows.length >= pageSize && events.length === rows.length && page < lastPage;
    return { events, nextPage: isMore ? page + 1 : undefined };
  },
  documentId: (event) => event.id,
  sortBy: (event) => event.created_at,
});

interface EventRow {
  readonly created_at: string;
  readonly repo: { readonly name: string };
  readonly payload: Readonly<Record<string, any>>;
}

function nameParts(row: EventRow) {
  nameRepository(row.payload['issue']);
  return { ...row, repository_full_name: row.repo.name };
}
