import { afterEach, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../src/cli/command.ts';
import { composeSupergraph } from '../../src/graph/compose.ts';
import { captureTerminal, createProject, type TemporaryProject } from '../support/temporary-project.ts';

let project: TemporaryProject;
afterEach(() => project.remove());

describe('plugboard start --supergraph', () => {
  it('serves a supergraph where there is no connector at all', async () => {
    project = await createProject();
    const file = join(project.folder, 'supergraph.graphql');
    const sdl = composeSupergraph([{ name: 'shop', sdl: () => 'type Query { items: Int }' }]);
    await writeFile(file, sdl.replace('url: ""', 'url: "https://shop.example.com/graphql"'));
    const terminal = captureTerminal();
    const args = ['start', '--supergraph', file, '--insecure-dev', '--port', '0', '--config', project.config];
    const running = runCommand(args, terminal);
    const [, url] = await terminal.wrote(/Plugboard serves .+ at (http:\S+\/graphql)/);
    const response = await fetch(url!, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __type(name: "Query") { fields { name } } }' }),
    });
    expect(await response.json()).toEqual({ data: { __type: { fields: [{ name: 'items' }] } } });
    process.emit('SIGTERM');
    expect(await running).toBe(0);
  });
});
