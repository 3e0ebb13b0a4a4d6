import { describe, expect, it } from '@jest/globals';
import { joinName, rootFieldName, typePrefix } from '../../src/graph/names.ts';

const github = { name: 'github' };

describe('rootFieldName', () => {
  it.each([
    ['get_issue', 'githubIssue'],
    ['list_issues', 'githubIssues'],
    ['getIssueById', 'githubIssueById'],
    ['listIssues', 'githubIssues'],
    ['search_issues', 'githubSearchIssues'],
    ['issue', 'githubIssue'],
    // Only the first verb, only a whole word, and never all of the name.
    ['get_list_items', 'githubListItems'],
    ['getaway', 'githubGetaway'],
    ['listing', 'githubListing'],
    ['get', 'githubGet'],
    ['list_', 'githubList'],
  ])('drops a leading get or list of what reads: %s is %s', (key, name) => {
    expect(rootFieldName(github, key, undefined, true)).toBe(name);
  });

  it.each([
    ['create_issue', 'githubCreateIssue'],
    ['get_lock', 'githubGetLock'],
    ['new_issue', 'githubNewIssue'],
  ])('keeps the verb of all else: %s is %s', (key, name) => {
    expect(rootFieldName(github, key, undefined, false)).toBe(name);
  });

  it('is graphqlName where that is given', () => {
    expect(rootFieldName(github, 'get_issue', { graphqlName: 'oneIssue' }, true)).toBe('oneIssue');
  });

  it('begins with the graphqlName of the connector, in small letters first', () => {
    const connector = { name: 'hub_spot', graphqlName: 'HubSpot' };
    expect(typePrefix(connector)).toBe('HubSpot');
    expect(rootFieldName(connector, 'get_contact', undefined, true)).toBe('hubSpotContact');
  });
});

describe('joinName', () => {
  it.each([
    ['customer_id', 'customer', true],
    ['customerId', 'customer', true],
    ['customerID', 'customer', true],
    ['label_ids', 'labels', true],
    ['labelIds', 'labels', true],
    ['owner', 'owner', false],
    ['paid', 'paid', false],
    ['created_by', 'createdBy', false],
  ])('of %s is %s', (name, join, beside) => {
    expect(joinName({ name })).toEqual({ name: join, beside });
  });

  it('is referenceName where that is given, and stands beside the key', () => {
    expect(joinName({ name: 'owner', referenceName: 'ownedBy' })).toEqual({ name: 'ownedBy', beside: true });
  });
});
