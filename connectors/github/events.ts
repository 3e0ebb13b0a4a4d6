/** What GitHub tells that happened in a repository: by its list of events, and by webhooks. */
import { defineObject } from '../../src/connector/define.ts';
import { issue, user } from './objects.ts';

/** @see https://docs.github.com/en/rest/issues/comments#get-an-issue-comment */
export const comment = defineObject({
  title: 'Comment',
  fields: [
    { name: 'id', type: 'integer', format: 'int64' },
    { name: 'url', hint: 'Address in the REST API.' },
    { name: 'html_url', label: 'Page', hint: 'Address of its page.' },
    { name: 'body', hint: 'Markdown, as it was written.' },
    { name: 'user', type: 'object', properties: user },
    { name: 'created_at', type: 'date_time' },
    { name: 'updated_at', type: 'date_time' },
  ],
});

/** @see https://docs.github.com/en/rest/releases/releases#get-a-release */
export const release = defineObject({
  title: 'Release',
  fields: [
    { name: 'id', type: 'integer', format: 'int64' },
    { name: 'url', hint: 'Address in the REST API.' },
    { name: 'html_url', label: 'Page', hint: 'Address of its page.' },
    { name: 'tag_name' },
    { name: 'name', hint: 'Title of the release.' },
    { name: 'body', hint: 'Markdown, as it was written.' },
    { name: 'draft', type: 'boolean' },
    { name: 'prerelease', type: 'boolean' },
    { name: 'created_at', type: 'date_time' },
    { name: 'published_at', type: 'date_time' },
  ],
});

/** A commit of a push. @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#push */
export const commit = defineObject({
  title: 'Commit',
  fields: [
    { name: 'id', hint: 'SHA-1.' },
    { name: 'message' },
    { name: 'timestamp', type: 'date_time' },
    { name: 'url', hint: 'Address of its page.' },
    {
      name: 'author',
      type: 'object',
      properties: [
        { name: 'name' },
        { name: 'email' },
        { name: 'username', hint: 'Login, where there is an account.' },
      ],
    },
    { name: 'added', type: 'array', of: 'string', hint: 'Paths.' },
    { name: 'removed', type: 'array', of: 'string', hint: 'Paths.' },
    { name: 'modified', type: 'array', of: 'string', hint: 'Paths.' },
  ],
});

/** What it happened to; which of these there are depends on the kind of event. */
const subjects = [
  { name: 'action', hint: 'What became of it, e.g. opened or closed.' },
  { name: 'ref', hint: 'Branch or tag.' },
  { name: 'ref_type', hint: 'branch, tag or repository.' },
  { name: 'before', hint: 'Commit of the branch before a push.' },
  { name: 'number', type: 'integer', hint: 'Of an issue or a pull request.' },
  { name: 'issue', type: 'object', properties: issue },
  { name: 'comment', type: 'object', properties: comment },
  { name: 'release', type: 'object', properties: release },
  { name: 'member', type: 'object', properties: user, hint: 'Who became a collaborator.' },
] as const;

const repositoryName = {
  name: 'repository_full_name',
  label: 'Repository',
  hint: 'owner/name',
  references: 'repository',
  referenceName: 'repository',
} as const;

/** @see https://docs.github.com/en/rest/using-the-rest-api/github-event-types */
export const event = defineObject({
  title: 'Event',
  fields: [
    { name: 'id', hint: 'A long number, which grows.' },
    { name: 'type', hint: 'e.g. PushEvent or IssuesEvent.' },
    {
      name: 'actor',
      type: 'object',
      hint: 'Who did it.',
      properties: [
        { name: 'id', type: 'integer', format: 'int64' },
        { name: 'login', references: 'user', referenceName: 'user' },
        { name: 'display_login' },
        { name: 'url', hint: 'Address in the REST API.' },
        { name: 'avatar_url' },
      ],
    },
    repositoryName,
    {
      name: 'payload',
      type: 'object',
      hint: 'What it happened to.',
      properties: [...subjects, { name: 'head', hint: 'Commit of the branch after a push.' }],
    },
    { name: 'public', type: 'boolean', hint: 'Whether anybody may see it.' },
    { name: 'created_at', type: 'date_time' },
  ],
});

/** What a webhook brings. @see https://docs.github.com/en/webhooks/webhook-events-and-payloads */
export const delivery = defineObject({
  title: 'Delivery',
  fields: [
    { name: 'id', hint: 'Digest of what was delivered.' },
    { name: 'event', hint: 'e.g. push or issues.' },
    ...subjects,
    { name: 'after', hint: 'Commit of the branch after a push.' },
    { name: 'compare', hint: 'Page that shows what a push changed.' },
    { name: 'forced', type: 'boolean', hint: 'The push replaced commits.' },
    { name: 'commits', type: 'array', of: commit },
    { name: 'sender', type: 'object', properties: user, hint: 'Who did it.' },
    repositoryName,
  ],
});
