/** COPY makes a second file or folder, with all that is in it. */
import { defineAction } from '../../../src/connector/define.ts';
import { refuseRoot } from '../dav-path.ts';
import { file } from '../objects.ts';
import { relocate } from '../webdav.ts';

export const copyFile = defineAction({
  title: 'Copy file',
  help: {
    body: 'Copies a file or a folder.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/',
  },
  scopes: [],
  input: [
    { name: 'from', optional: false, hint: 'Where it lies.' },
    { name: 'to', optional: false, hint: 'Where the copy is to lie, with its name.' },
    { name: 'overwrite', type: 'boolean', default: false, hint: 'Whether what lies there is replaced.' },
  ],
  output: file,
  execute(connection, { from, to, overwrite }) {
    refuseRoot(from, 'from');
    refuseRoot(to, 'to');
    return relocate(connection, 'copy', { from, to, overwrite });
  },
});
