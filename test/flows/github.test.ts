import { afterEach, describe, expect, it } from '@jest/globals';
import github from '../../connectors/github/connector.ts';
import { objects } from '../../connectors/github/objects.ts';
import { repositoryRecordings, userRecording } from '../connectors/github/recordings.ts';
import { differences, selectRecorded, undeclared } from '../support/recorded-row.ts';
import { deriveRecording, readScenario, startReplay, type Recording, type Replay } from '../support/replay.ts';
import { runGateway, type RunningGateway } from '../support/running-gateway.ts';

const owner = 'octokit-fixture-org';
const token = '0000000000000000000000000000000000000001';

let replay: Replay;
afterEach(() => replay.close());

async function serve(...recordings: readonly Recording[]): Promise<RunningGateway> {
  replay = await startReplay(...recordings);
  return runGateway([github], { github: { token } }, replay.senderOptions);
}

describe('the GitHub connector, through the whole gateway', () => {
  it('reads a repository, and its owner without another call', async () => {
    const gateway = await serve(...readScenario('get-repository'));
    const answer = await gateway.ask(`{
      githubRepository(owner: "${owner}", repo: "hello-world") {
        fullName stargazersCount visibility topics createdAt permissions { admin } owner { login type }
      }
    }`);
    expect(answer).toEqual({
      data: {
        githubRepository: {
          fullName: 'octokit-fixture-org/hello-world',
          stargazersCount: 42,
          visibility: 'PUBLIC',
          topics: ['fixtures', 'hello', 'hello-world'],
          createdAt: '2017-10-10T16:00:00Z',
          permissions: { admin: true },
          owner: { login: owner, type: 'Organization' },
        },
      },
    });
    expect(replay.requests).toHaveLength(1);
    expect(replay.requests[0]?.headers).toMatchObject({
      authorization: `token ${token}`,
      accept: 'application/vnd.github.v3+json',
      'user-agent': expect.stringContaining('plugboard'),
    });
  });

  it('follows GitHub to the new name of a repository, with the token, since it is the same origin', async () => {
    const gateway = await serve(...readScenario('rename-repository'));
    const answer = await gateway.ask(`{ githubRepository(owner: "${owner}", repo: "rename-repository") { id name } }`);
    expect(answer).toEqual({ data: { githubRepository: { id: 1000, name: 'rename-repository-newname' } } });
    expect(replay.requests.map(({ path }) => path)).toEqual([
      `/repos/${owner}/rename-repository`,
      '/repositories/1000',
    ]);
    expect(replay.requests[1]?.headers.authorization).toBe(`token ${token}`);
  });

  it('reads all 13 issues, 3 a page, by the Link header', async () => {
    const gateway = await serve(...readScenario('paginate-issues'));
    const query = `query ($after: String) {
      githubIssues(owner: "${owner}", repo: "paginate-issues", first: 3, after: $after) {
        nodes { number title } pageInfo { hasNextPage endCursor }
      }
    }`;
    const numbers: number[] = [];
    let after: string | null = null;
    for (let page = 1; page <= 5; page++) {
      const answer = await gateway.ask(query, { after });
      expect(answer.errors).toBeUndefined();
      const { nodes, pageInfo } = answer.data.githubIssues;
      numbers.push(...nodes.map((issue: { number: number }) => issue.number));
      expect(pageInfo.hasNextPage).toBe(page < 5);
      after = pageInfo.endCursor;
    }
    expect(numbers).toEqual([13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(replay.unmatched).toEqual([]);
    expect(replay.remaining()).toEqual([]);
    expect(replay.requests).toHaveLength(5);
  });
});

describe('joins from issues', () => {
  const search = (fields: string) => `{
    githubSearchIssues(q: "sesame repo:${owner}/search-issues") { totalCount nodes { number ${fields} } }
  }`;

  it('need no call for what the embedded user has, nor for the key of the repository', async () => {
    const gateway = await serve(...readScenario('search-issues'));
    const answer = await gateway.ask(search('score user { login avatarUrl } repository { fullName }'));
    const repository = { fullName: `${owner}/search-issues` };
    expect(answer).toEqual({
      data: {
        githubSearchIssues: {
          totalCount: 2,
          nodes: [
            {
              number: 2,
              score: 42,
              user: {
                login: 'octokit-fixture-user-b',
                avatarUrl: 'https://avatars.githubusercontent.com/u/1000?v=4',
              },
              repository,
            },
            {
              number: 1,
              score: 42,
              user: {
                login: 'octokit-fixture-user-a',
                avatarUrl: 'https://avatars.githubusercontent.com/u/1001?v=4',
              },
              repository,
            },
          ],
        },
      },
    });
    expect(replay.requests).toHaveLength(1);
  });

  it('load each user once by login, whatever the number of issues', async () => {
    const gateway = await serve(...readScenario('paginate-issues'), userRecording('octokit-fixture-user-a'));
    const answer = await gateway.ask(`{
      githubIssues(owner: "${owner}", repo: "paginate-issues", first: 3) { nodes { user { login name followers } } }
    }`);
    const user = { login: 'octokit-fixture-user-a', name: 'The name of octokit-fixture-user-a', followers: 7 };
    expect(answer).toEqual({ data: { githubIssues: { nodes: [{ user }, { user }, { user }] } } });
    expect(replay.unmatched).toEqual([]);
    expect(replay.requests.map(({ path }) => path)).toEqual([
      `/repos/${owner}/paginate-issues/issues`,
      '/users/octokit-fixture-user-a',
    ]);
  });

  it('load all repositories by one search', async () => {
    const gateway = await serve(...readScenario('search-issues'), ...repositoryRecordings('search-issues'));
    const answer = await gateway.ask(search('repository { name stargazersCount }'));
    const repository = { name: 'search-issues', stargazersCount: 42 };
    expect(answer.errors).toBeUndefined();
    expect(answer.data.githubSearchIssues.nodes).toEqual([
      { number: 2, repository },
      { number: 1, repository },
    ]);
    expect(replay.requests.map(({ path }) => path)).toEqual(['/search/issues', '/search/repositories']);
    expect(replay.unmatched).toEqual([]);
  });

  it('look up what the rows of that search lack, once for each repository', async () => {
    const gateway = await serve(...readScenario('search-issues'), ...repositoryRecordings('search-issues'));
    const answer = await gateway.ask(search('repository { name subscribersCount organization { login } }'));
    const repository = { name: 'search-issues', subscribersCount: 42, organization: { login: owner } };
    expect(answer.errors).toBeUndefined();
    expect(answer.data.githubSearchIssues.nodes).toEqual([
      { number: 2, repository },
      { number: 1, repository },
    ]);
    expect(replay.requests.map(({ path }) => path)).toEqual([
      '/search/issues',
      '/search/repositories',
      `/repos/${owner}/search-issues`,
    ]);
    expect(replay.unmatched).toEqual([]);
  });

  it('look up who closed an issue, which no list of issues tells', async () => {
    const [page] = readScenario('paginate-issues') as [Recording];
    const closed = page.response.map((issue: any) =>
      deriveRecording(page, {
        path: `/repos/${owner}/paginate-issues/issues/${issue.number}`,
        response: { ...issue, closed_by: issue.user },
      }),
    );
    const gateway = await serve(page, ...closed);
    const answer = await gateway.ask(`{
      githubIssues(owner: "${owner}", repo: "paginate-issues", first: 3) { nodes { closedBy { login } pullRequest { url } } }
    }`);
    const node = { closedBy: { login: 'octokit-fixture-user-a' }, pullRequest: null };
    expect(answer).toEqual({ data: { githubIssues: { nodes: [node, node, node] } } });
    expect(replay.requests).toHaveLength(4);
    expect(replay.unmatched).toEqual([]);
  });

  it('fail alone: the issue stands beside the user that could not be loaded', async () => {
    const gateway = await serve(...readScenario('paginate-issues'), {
      ...userRecording('octokit-fixture-user-a'),
      status: 500,
      response: { message: 'Server Error' },
    });
    const answer = await gateway.ask(`{
      githubIssues(owner: "${owner}", repo: "paginate-issues", first: 3) { nodes { number user { login name } } }
    }`);
    expect(answer.data.githubIssues.nodes[0]).toEqual({
      number: 13,
      user: { login: 'octokit-fixture-user-a', name: null },
    });
    expect(answer.errors).toHaveLength(3);
    expect(answer.errors?.[0]).toMatchObject({
      path: ['githubIssues', 'nodes', 0, 'user', 'name'],
      extensions: { code: 'PROVIDER_UNAVAILABLE', connector: 'github', http: { status: 500 } },
    });
  });
});

describe('writing to GitHub', () => {
  it('creates an issue and adds labels to it, in this order', async () => {
    const gateway = await serve(...readScenario('add-labels-to-issue'));
    const answer = await gateway.ask(`mutation {
      githubCreateIssue(input: { owner: "${owner}", repo: "add-labels-to-issue", title: "Issue without a label" }) {
        number state labels { name } repository { fullName }
      }
      githubAddLabelsToIssue(
        input: { owner: "${owner}", repo: "add-labels-to-issue", number: 1, labels: ["Foo", "bAr", "baZ"] }
      ) { name color default }
    }`);
    expect(answer).toEqual({
      data: {
        githubCreateIssue: {
          number: 1,
          state: 'OPEN',
          labels: [],
          repository: { fullName: `${owner}/add-labels-to-issue` },
        },
        githubAddLabelsToIssue: ['Foo', 'bAr', 'baZ'].map((name) => ({ name, color: 'ededed', default: false })),
      },
    });
    expect(replay.unmatched).toEqual([]);
    expect(replay.requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
  });

  it('tells that GitHub refused a value, without the body of its answer', async () => {
    const gateway = await serve(...readScenario('errors'), ...readScenario('labels'));
    const answer = await gateway.ask(`mutation {
      refused: githubCreateLabel(input: { owner: "${owner}", repo: "errors", name: "foo", color: "invalid" }) { name }
      made: githubCreateLabel(input: { owner: "${owner}", repo: "labels", name: "test-label", color: "663399" }) { name }
    }`);
    expect(answer.data).toEqual({ refused: null, made: { name: 'test-label' } });
    expect(answer.errors).toHaveLength(1);
    expect(answer.errors?.[0]).toMatchObject({
      message: `GitHub answered 422 Unprocessable Entity to POST https://api.github.com/repos/${owner}/errors/labels.`,
      path: ['refused'],
      extensions: {
        code: 'PROVIDER_INVALID',
        connector: 'github',
        errorCode: 'github.bad_request',
        http: { status: 422 },
        raisedIn: 'actions.createLabel',
      },
    });
    expect(JSON.stringify(answer)).not.toContain('Validation Failed');
    expect(replay.unmatched).toEqual([]);
  });

  it('keeps the token out of every log and answer', async () => {
    const gateway = await serve(...readScenario('errors'));
    const answer = await gateway.ask(`mutation {
      githubCreateLabel(input: { owner: "${owner}", repo: "errors", name: "foo", color: "invalid" }) { name }
    }`);
    expect(answer.errors).toHaveLength(1);
    expect(gateway.log()).not.toContain(token);
    expect(JSON.stringify(answer)).not.toContain(token);
  });
});

describe('what GitHub was recorded to say', () => {
  const rows = (recording: Recording | undefined): any[] => [recording?.response?.items ?? recording?.response].flat();
  const [paging, searching, labels, adding] = ['paginate-issues', 'search-issues', 'labels', 'add-labels-to-issue'].map(
    readScenario,
  ) as [readonly Recording[], readonly Recording[], readonly Recording[], readonly Recording[]];
  const repo = (name: string) => `owner: "${owner}", repo: "${name}"`;
  const cases: [field: string, object: keyof typeof objects, recording: Recording | undefined, shape?: string][] = [
    [`githubRepository(${repo('hello-world')})`, 'repository', readScenario('get-repository')[0]],
    [`githubOrganization(login: "${owner}")`, 'organization', readScenario('get-organization')[0]],
    [`githubIssues(${repo('paginate-issues')}, first: 3)`, 'issue', paging[0], 'nodes'],
    [`githubSearchIssues(q: "sesame repo:${owner}/search-issues")`, 'issue', searching[0], 'nodes'],
    [`githubLabels(${repo('labels')})`, 'label', labels[0], 'nodes'],
    [`githubLabel(${repo('labels')}, name: "test-label")`, 'label', labels[2]],
    [`githubCreateLabel(input: { ${repo('labels')}, name: "test-label", color: "663399" })`, 'label', labels[1]],
    [
      `githubCreateIssue(input: { ${repo('add-labels-to-issue')}, title: "Issue without a label" })`,
      'issue',
      adding[0],
    ],
    [
      `githubAddLabelsToIssue(input: { ${repo('add-labels-to-issue')}, number: 1, labels: ["Foo", "bAr", "baZ"] })`,
      'label',
      adding[1],
    ],
  ];

  it.each(cases)('comes out of %s unchanged in every field', async (...[field, name, recording, shape]) => {
    const object = objects[name];
    const recorded = rows(recording);
    const gateway = await serve(recording as Recording);
    const selection = selectRecorded(github, object.fields, recorded);
    const root = recording?.method === 'get' ? 'query' : 'mutation';
    const answer = await gateway.ask(`${root} { it: ${field} ${shape ? `{ ${shape} ${selection} }` : selection} }`);
    expect(answer.errors).toBeUndefined();
    const answered = [shape ? answer.data.it[shape] : answer.data.it].flat();
    expect(answered).toHaveLength(recorded.length);
    recorded.forEach((row, index) => {
      expect(differences(github, object, row, answered[index])).toEqual([]);
      expect(undeclared(github, object.fields, row)).toEqual([]);
    });
    // Nothing was looked up: every value came from this one answer.
    expect(replay.requests).toHaveLength(1);
  });

  it('would be seen to differ, were a value changed, lost or not declared', () => {
    const [row] = rows(labels[0]);
    const answered = { ...row, nodeId: row.node_id };
    expect(differences(github, objects.label, row, answered)).toEqual([]);
    expect(differences(github, objects.label, row, { ...answered, color: 'other', default: null })).toEqual([
      'color: recorded "d73a4a", answered "other"',
      'default: recorded true, answered null',
    ]);
    expect(undeclared(github, objects.label.fields, { ...row, more: 1 })).toEqual(['more']);
  });
});
