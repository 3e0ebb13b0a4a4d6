import { afterEach, describe, expect, it } from '@jest/globals';
import github from '../../connectors/github/connector.ts';
import { directoryRecordings } from '../connectors/github/directory.ts';
import { startReplay, type Replay } from '../support/replay.ts';
import { runGateway, type RunningGateway } from '../support/running-gateway.ts';

const token = '0000000000000000000000000000000000000001';
const connection = 'github.tenant';
let replay: Replay;
afterEach(() => replay.close());

async function serve(fields: object = { organization: 'github' }): Promise<RunningGateway> {
  replay = await startReplay(...directoryRecordings());
  return runGateway([github], { github: { token, ...fields } }, replay.senderOptions);
}

describe('GitHub as a directory', () => {
  it('tells its accounts, teams, roles and who has which', async () => {
    const gateway = await serve();
    const { data, errors } = await gateway.ask(`{
      accounts(connection: "${connection}", first: 30) { nodes { id username status } }
      resources(connection: "${connection}", resourceType: "TEAM", first: 30) { nodes { id label resourceType } }
      entitlements(connection: "${connection}", resourceType: "TEAM", resource: "justice-league") {
        nodes { id label resource entitlementType isAssignable }
      }
      entitlementAssociations(connection: "${connection}") { nodes { entitlement resource account { id username } } }
      lastActivity(connection: "${connection}", accounts: ["octocat", "hubot"]) { nodes { account eventType happenedAt } }
    }`);
    expect(errors).toBeUndefined();
    const role = { resource: 'justice-league', entitlementType: 'ROLE', isAssignable: true };
    expect(data).toEqual({
      accounts: {
        nodes: [
          { id: 'octocat', username: 'octocat', status: 'ACTIVE' },
          { id: 'hubot', username: 'hubot', status: 'ACTIVE' },
        ],
      },
      resources: { nodes: [{ id: 'justice-league', label: 'Justice League', resourceType: 'TEAM' }] },
      entitlements: {
        nodes: [
          { id: 'maintainer', label: 'Maintainer', ...role },
          { id: 'member', label: 'Member', ...role },
        ],
      },
      entitlementAssociations: {
        nodes: [
          { entitlement: 'maintainer', resource: 'justice-league', account: { id: 'octocat', username: 'octocat' } },
          { entitlement: 'member', resource: 'justice-league', account: { id: 'hubot', username: 'hubot' } },
        ],
      },
      lastActivity: { nodes: [{ account: 'octocat', eventType: 'WatchEvent', happenedAt: '2022-06-09T12:00:02Z' }] },
    });
    expect(replay.unmatched).toEqual([]);
  });

  it('gives and takes a role in a team', async () => {
    const gateway = await serve();
    const input = `{ account: "octocat", entitlement: "maintainer", entitlementType: "ROLE", resource: "justice-league", resourceType: "TEAM" }`;
    const { data } = await gateway.ask(`mutation {
      assignEntitlement(connection: "${connection}", input: ${input}) { assigned }
      unassignEntitlement(connection: "${connection}", input: ${input}) { unassigned }
    }`);
    expect(data).toEqual({ assignEntitlement: { assigned: true }, unassignEntitlement: { unassigned: true } });
    expect(replay.requests.map(({ method, body }) => [method, body])).toEqual([
      ['PUT', '{"role":"maintainer"}'],
      ['DELETE', ''],
    ]);
  });

  it('asks which organization where neither the connection nor the field names one', async () => {
    const gateway = await serve({});
    const { errors } = await gateway.ask(`{ accounts(connection: "${connection}") { nodes { id } } }`);
    expect(errors?.[0]?.extensions).toMatchObject({ errorCode: 'github.unknown_parameter' });
    expect(replay.requests).toEqual([]);
  });

  it('has no other resources than teams', async () => {
    const gateway = await serve();
    const { errors } = await gateway.ask(
      `{ resources(connection: "${connection}", resourceType: "MOON") { nodes { id } } }`,
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INPUT_INVALID', errorCode: 'github.invalid_value' });
  });
});
