/** MOVE takes a file or a folder with all that is in it to another path. */
import { defineAction } from '../../../src/connector/define.ts';
import { refuseRoot } from '../dav-path.ts';
import { file } from '../objects.ts';
import { relocate } from '../webdav.ts';

export const moveFile = defineAction({
  title: 'Move file',
  help: {
    body: 'Moves a file or a folder, or gives it another name.',
    learnMoreUrl: 'https://doc.owncloud.com/server/next/developer_manual/webdav_api/',
  },
  capability: 'moveFile',
  scopes: [],
  input: [
    { name: 'from', optional: false, hint: 'Where it lies.' },
    { name: 'to', optional: false, hint: 'Where it is to lie, with its name.' },
    { name: 'overwrite', type: 'boolean', default: false, hint: 'Whether what lies there is replaced.' },
  ],
  output: file,
  execute(connection, { from, to, overwrite }) {
    refuseRoot(from, 'from');
    refuseRoot(to, 'to');
    return relocate(connection, 'move', { from, to, overwrite });
  },
});
