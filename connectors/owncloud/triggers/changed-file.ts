/** Walks the folders whose ETag has changed: ownCloud gives a folder another one whenever anything in it changes. */
import { defineTrigger } from '../../../src/connector/define.ts';
import { cleanPath } from '../dav-path.ts';
import { KnownEtags } from '../known-etags.ts';
import { file } from '../objects.ts';
import { walkFolders, type Place } from '../walk-folders.ts';

interface Cursor {
  /** Of the folders that were walked (`known-etags`). */
  readonly etags: Readonly<Record<string, string>>;
  /** Where a walk goes on; absent: it begins at the first folder. */
  readonly at?: Place | undefined;
}

export const changedFile = defineTrigger({
  title: 'Changed file',
  help: {
    body: 'A file was added, or its content changed, in a folder or below it. Files that are removed are not told of.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/',
  },
  scopes: [],
  startField: 'since',
  intervalMs: 60_000,
  input: [
    { name: 'path', default: '/', hint: 'Of the folder; / is the first one.' },
    {
      name: 'since',
      type: 'date_time',
      hint: 'Leave out files whose time of change is older, instead of those that are there now.',
    },
  ],
  output: file,
  async poll(connection, { path, since }, cursor: Cursor | undefined) {
    const etags = new KnownEtags(cursor?.etags);
    const { files, at } = await walkFolders(connection, cleanPath(path ?? '/'), etags, cursor?.at);
    const events = files.filter(
      ({ modified_at }) => !since || modified_at === null || Date.parse(modified_at) >= since.getTime(),
    );
    const nextPoll: Cursor = { etags: etags.kept(), at };
    return { events, nextPoll, canPollMore: at !== undefined };
  },
  sortBy: (row) => row.modified_at,
  dedup: (row) => [row.path, row.etag ?? `${String(row.modified_at)} ${row.size}`].join(' '),
});
