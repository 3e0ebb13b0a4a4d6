/** Recorded rows of GitHub, and recordings that are made from them where GitHub was never asked. */
import { deriveRecording, readScenario, type Recording } from '../../support/replay.ts';

/** The repository octokit-fixture-org/hello-world. */
export function recordedRepository(): Record<string, any> {
  return readScenario('get-repository')[0]?.response;
}

/** The issue octokit-fixture-org/add-labels-to-issue#1. */
export function recordedIssue(): Record<string, any> {
  return readScenario('add-labels-to-issue')[0]?.response;
}

/** `GET /users/<login>`: the embedded row as it was recorded, with a name beside it. */
export function userRecording(login: string): Recording {
  const [recording] = readScenario('get-repository') as [Recording];
  const user = { ...recordedIssue().user, login, name: `The name of ${login}`, followers: 7 };
  return deriveRecording(recording, { path: `/users/${login}`, response: user });
}

/**
 * An event of a repository, which was never recorded: as the documentation shows it.
 *
 * @see https://docs.github.com/en/rest/activity/events#list-repository-events
 */
export function eventRow(number: number, type = 'WatchEvent', payload: object = { action: 'started' }) {
  return {
    id: String(22_249_084_900 + number),
    type,
    actor: {
      id: 583_231,
      login: 'octokit-fixture-user-a',
      display_login: 'octokit-fixture-user-a',
      gravatar_id: '',
      url: 'https://api.github.com/users/octokit-fixture-user-a',
      avatar_url: 'https://avatars.githubusercontent.com/u/583231?',
    },
    repo: {
      id: 1_296_269,
      name: 'octokit-fixture-org/hello-world',
      url: 'https://api.github.com/repos/octokit-fixture-org/hello-world',
    },
    payload,
    public: true,
    created_at: new Date(Date.UTC(2022, 5, 9, 12, 0, number)).toISOString().replace('.000', ''),
  };
}

/** The recorded repository under another name, asked for by its name and by a search, whose rows hold less. */
export function repositoryRecordings(name: string): readonly Recording[] {
  const [recording] = readScenario('get-repository') as [Recording];
  const full_name = `octokit-fixture-org/${name}`;
  const whole = { ...recording.response, name, full_name };
  const { subscribers_count: _subscribers, network_count: _network, organization: _organization, ...part } = whole;
  return [
    deriveRecording(recording, { path: `/repos/${full_name}`, response: whole }),
    deriveRecording(recording, {
      path: `/search/repositories?q=repo:${full_name}+fork:true&per_page=100`,
      response: { total_count: 1, incomplete_results: false, items: [part] },
    }),
  ];
}
