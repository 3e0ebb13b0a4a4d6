import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createTerminal } from '../../src/cli/terminal.ts';

function outputs(isTTY: boolean) {
  const written = { output: '', errors: '' };
  const terminal = createTerminal(
    { isTTY, write: (text) => (written.output += text) },
    { isTTY, write: (text) => (written.errors += text) },
  );
  return { written, terminal };
}

describe('a terminal', () => {
  it('keeps results and everything else apart, so that results can be piped', () => {
    const { terminal, written } = outputs(false);
    terminal.progress('Loading');
    terminal.warn('odd');
    terminal.line('result');
    terminal.error('fault');
    expect(written).toEqual({ output: 'result\n', errors: 'Loading\nodd\nfault\n' });
  });

  it('rewrites one line of progress for a person, and clears it before anything else', () => {
    const { terminal, written } = outputs(true);
    terminal.progress('Loading');
    terminal.progress('Building');
    terminal.warn('odd');
    terminal.line('result');
    expect(written).toEqual({ output: 'result\n', errors: 'Loading\r\u001B[KBuilding\r\u001B[Kodd\n' });
  });

  it('ends quietly for a reader that has gone, and for no other failure', () => {
    const output = new EventEmitter() as EventEmitter & { write: () => boolean };
    output.write = () => output.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    const terminal = createTerminal(output, { write: () => {} });
    createTerminal(output, output);
    terminal.line('help');
    terminal.line('more help');
    expect(terminal.failed).toBe(false);
    expect(output.listenerCount('error')).toBe(1);
    expect(() => output.emit('error', Object.assign(new Error('disk'), { code: 'ENOSPC' }))).toThrow('disk');
  });

  it('has failed once an error was written, and not by a warning', () => {
    const { terminal } = outputs(false);
    terminal.warn('odd');
    expect(terminal.failed).toBe(false);
    terminal.error('fault');
    expect(terminal.failed).toBe(true);
  });
});
