/** Multipart forms, read back by Node's own parser. */
import { describe, it, expect } from '@jest/globals';
import { Readable } from 'node:stream';
import { Content } from '../../../src/content.ts';
import { encodeMultipart } from '../../../src/http/formats/multipart.ts';

async function readBack(payload: unknown): Promise<FormData> {
  const { body, contentType } = encodeMultipart(payload);
  return new Response(body, { headers: { 'content-type': contentType } }).formData();
}

describe('encodeMultipart', () => {
  it('sends values, and files as [value, contentType, filename]', async () => {
    const bytes = Buffer.from([0, 1, 255, 13, 10]);
    const form = await readBack({
      name: 'Änn',
      count: 7,
      note: null,
      skipped: undefined,
      file: [bytes, 'image/png', 'a "b".png'],
    });
    expect([...form.keys()]).toEqual(['name', 'count', 'note', 'file']);
    expect([form.get('name'), form.get('count'), form.get('note')]).toEqual(['Änn', '7', '']);
    const file = form.get('file') as File;
    expect([file.name, file.type]).toEqual(['a "b".png', 'image/png']);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(bytes);
  });

  it('repeats a field for a list of files', async () => {
    const form = await readBack({
      files: [
        ['one', 'text/plain', '1.txt'],
        ['two', 'text/plain', '2.txt'],
      ],
    });
    expect(form.getAll('files').map((file) => (file as File).name)).toEqual(['1.txt', '2.txt']);
  });

  it('cannot be made to say more than its fields', () => {
    const { body } = encodeMultipart({ 'a"\r\nx-evil: 1': ['v', 'text/plain', 'f"\r\n\r\nevil'] });
    expect(String(body as Buffer)).toContain(
      'form-data; name="a%22%0D%0Ax-evil: 1"; filename="f%22%0D%0A%0D%0Aevil"\r\ncontent-type: text/plain\r\n\r\nv\r\n',
    );
  });

  it('says what cannot be sent', () => {
    expect(() => encodeMultipart('text')).toThrow('A payload of the format multipart must be an object of fields.');
    expect(() => encodeMultipart({ a: { b: 1 } })).toThrow(
      'The field "a" of a multipart form must be text, a number, a boolean, bytes or a content; got object.',
    );
    expect(() => encodeMultipart({ a: ['x', 'text/plain\r\nx-evil: 1'] })).toThrow(
      'The content type of the field "a" holds a sign that a header cannot.',
    );
  });

  it('passes a content as it comes, under its own type and with the length of the whole', async () => {
    const note = Content.of('héllo', { mediaType: 'text/x-note' });
    const { body } = encodeMultipart({ a: 1, file: [note, undefined, 'n.txt'] });
    const form = body as Content;
    expect(note.isOpened).toBe(false);
    const bytes = Buffer.concat(await form.open().toArray());
    expect(form.size).toBe(bytes.length);
    expect(bytes.toString()).toContain(
      'form-data; name="file"; filename="n.txt"\r\ncontent-type: text/x-note\r\n\r\nhéllo\r\n',
    );
    const unknown = encodeMultipart({ file: new Content(() => Readable.from(['x'])) }).body as Content;
    expect(unknown.size).toBeUndefined();
  });
});
