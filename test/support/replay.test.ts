import { afterEach, describe, expect, it } from '@jest/globals';
import { readScenario, startReplay, type Replay } from './replay.ts';

let replay: Replay;
afterEach(() => replay.close());

const ask = (url: string, init?: RequestInit): Promise<Response> => fetch(`${replay.origin}${url}`, init);

describe('replay', () => {
  it('answers as recorded: status, headers and body', async () => {
    replay = await startReplay(...readScenario('paginate-issues'));
    const answer = await ask('/repositories/1000/issues?page=2&per_page=3');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('link')).toContain(
      '<https://api.github.com/repositories/1000/issues?per_page=3&page=3>; rel="next"',
    );
    expect(((await answer.json()) as { number: number }[]).map(({ number }) => number)).toEqual([10, 9, 8]);
    expect(replay.unmatched).toEqual([]);
    expect(replay.remaining()).toHaveLength(4);
  });

  it('takes the first page of 30 for no paging at all, as GitHub does', async () => {
    replay = await startReplay(...readScenario('labels'));
    const answer = await ask('/repos/octokit-fixture-org/labels/labels?per_page=30&page=1');
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  });

  it('notes what was never recorded: another query, another body, another path', async () => {
    replay = await startReplay(...readScenario('errors'), ...readScenario('paginate-issues'));
    const url = '/repos/octokit-fixture-org/errors/labels';
    const bodies = ['{"name":"foo","color":"red"}', '{"color":"invalid","name":"foo"}'];
    const statuses = [];
    for (const body of bodies) statuses.push((await ask(url, { method: 'POST', body })).status);
    statuses.push((await ask('/repos/octokit-fixture-org/paginate-issues/issues?per_page=4')).status);
    statuses.push((await ask('/nothing')).status);
    expect(statuses).toEqual([404, 422, 404, 404]);
    expect(replay.unmatched).toEqual([
      `post ${url}`,
      'get /repos/octokit-fixture-org/paginate-issues/issues?per_page=4',
      'get /nothing',
    ]);
  });

  it('gives answers to the same request one after the other', async () => {
    const recordings = readScenario('add-and-remove-repository-collaborator');
    replay = await startReplay(...recordings);
    const url = '/repos/octokit-fixture-org/add-and-remove-repository-collaborator/collaborators';
    const counts = [];
    for (let time = 0; time < 3; time++) counts.push(((await (await ask(url)).json()) as unknown[]).length);
    const recorded = recordings.filter(({ method, path }) => method === 'get' && path === url);
    const [first, second] = recorded.map(({ response }) => (response as unknown[]).length);
    expect(counts).toEqual([first, second, second]);
    expect(first).not.toBe(second);
  });
});
