import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { readForm, readParts } from '../../src/http/incoming-form.ts';

const type = 'multipart/form-data; boundary=xYz';
const form = (...parts: readonly string[]) => `${parts.map((part) => `--xYz\r\n${part}`).join('\r\n')}\r\n--xYz--\r\n`;
const field = (name: string, value: string) => `content-disposition: form-data; name="${name}"\r\n\r\n${value}`;
const file = (name: string, value: string, filename = 'a.txt') =>
  `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: text/x\r\n\r\n${value}`;

/** As it comes over a network: in pieces of that many bytes. */
function inPieces(text: string, bytes: number): Readable {
  const whole = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(whole.length / bytes) }, (_, index) =>
    whole.subarray(index * bytes, (index + 1) * bytes),
  );
  return Readable.from(pieces, { objectMode: false });
}

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('a form that comes in', () => {
  it.each([1, 2, 3, 7, 64, 4096])('is read in pieces of %i bytes', async (bytes) => {
    const content = 'line\r\n--xY not the end\r\n--\r\nü';
    const text = form(field('filepath', '/ä b'), field('userId', ''), file('files', content));
    const { fields, file: found } = await readForm(inPieces(text, bytes), type);
    expect({ ...fields }).toEqual({ filepath: '/ä b', userId: '' });
    expect(found).toMatchObject({ name: 'files', filename: 'a.txt', mediaType: 'text/x' });
    expect(await textOf(found!.source)).toBe(content);
  });

  it('may have no file, a preamble, blanks behind a boundary, and no line end at its end', async () => {
    const text = `ignored\r\n${form(field('a', '1'), field('b', '2')).replace('--xYz\r\n', '--xYz \t\r\n').trimEnd()}`;
    const read = await readForm(inPieces(text, 5), 'multipart/form-data; charset=utf-8; boundary="xYz"');
    expect([{ ...read.fields }, read.file]).toEqual([{ a: '1', b: '2' }, undefined]);
  });

  it.each([
    ['name="f"; filename="a\\"b.txt"', 'a"b.txt'],
    ['name="f"; filename="%22q%22.txt"', '"q".txt'],
    ['name=f; filename=plain.txt', 'plain.txt'],
    [`name="f"; filename="x"; filename*=UTF-8''%C3%BC.txt`, 'ü.txt'],
    ['name="f"; filename=""', ''],
  ])('names its file by %s', async (disposition, filename) => {
    const { file: found } = await readForm(
      inPieces(form(`content-disposition: form-data; ${disposition}\r\n\r\nx`), 9),
      type,
    );
    expect(found?.filename).toBe(filename);
  });

  it('goes on behind a part that nobody read', async () => {
    const names: string[] = [];
    for await (const part of readParts(inPieces(form(file('a', 'x'.repeat(100)), field('b', '2')), 10), type)) {
      names.push(part.name);
      // Begun, and let go of.
      for await (const _piece of part.body) break;
    }
    expect(names).toEqual(['a', 'b']);
  });

  it('has no keys but its own', async () => {
    const { fields } = await readForm(inPieces(form(field('__proto__', '1'), field('constructor', '2')), 10), type);
    expect(Object.entries(fields)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  it.each([
    ['application/json', form(field('a', '1')), 'BODY_INVALID'],
    ['multipart/form-data', form(field('a', '1')), 'BODY_INVALID'],
    [type, form('content-disposition: attachment; name="a"\r\n\r\n1'), 'BODY_INVALID'],
    [type, form('x-other: 1\r\n\r\n1'), 'BODY_INVALID'],
    [type, form(`x: ${'y'.repeat(20_000)}\r\n\r\n1`), 'BODY_INVALID'],
    [type, '--xYz more\r\n', 'BODY_INVALID'],
    [type, form(field('a', 'x'.repeat(1_100_000))), 'BODY_TOO_LARGE'],
    [type, '', 'UPLOAD_CUT'],
    [type, form(field('a', '1')).slice(0, -6), 'UPLOAD_CUT'],
  ])('is refused as %s, %#', async (contentType, text, code) => {
    await expect(readForm(inPieces(text, 1000), contentType)).rejects.toMatchObject({ code });
  });

  it('fails where it is cut, also within its file', async () => {
    const source = new PassThrough();
    source.write(form(file('files', 'begin')).slice(0, -12));
    const { file: found } = await readForm(source, type);
    source.end();
    await expect(textOf(found!.source)).rejects.toMatchObject({
      code: 'UPLOAD_CUT',
      message: 'The form ended before it was whole, so nothing of it was kept. Send it again.',
    });
  });

  it('leaves its source alive when its file is let go of', async () => {
    const source = new PassThrough();
    source.write(form(file('files', 'begin')).slice(0, -12));
    const { file: found } = await readForm(source, type);
    found!.source.on('error', () => {}).destroy();
    source.end('rest');
    source.resume();
    await new Promise((resolve) => source.once('end', resolve));
    expect(source.errored).toBeNull();
  });
});
