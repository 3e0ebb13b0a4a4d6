import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fileConnector, startFileProvider, type FileProvider } from '../support/file-provider.ts';
import { startGateway, type GatewayAnswer, type RunningGateway } from '../support/start-gateway.ts';
import { until } from '../support/until.ts';

let provider: FileProvider;
let gateway: RunningGateway;
beforeAll(async () => {
  provider = await startFileProvider();
  gateway = await startGateway({
    connectors: [fileConnector(provider.origin)],
    origins: [provider.origin],
    configuration: {
      connections: [{ connector: 'drive', fields: { key: 'k-secret' } }],
      files: { maxUploadBytes: 1_000_000, maxFiles: 2 },
      limits: { operationMs: 1_000 },
    },
  });
});
beforeEach(() => provider.files.clear());
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const upload =
  'mutation ($content: Upload!) { driveUploadFile(input: { path: "/a", content: $content }) { path size } }';
const twoUploads = `mutation ($x: Upload!, $y: Upload!) {
  x: driveUploadFile(input: { path: "/x", content: $x }) { path }
  y: driveUploadFile(input: { path: "/y", content: $y }) { path }
}`;
const preflight = { 'apollo-require-preflight': 'yes' };

type Parts = readonly (readonly [name: string, value: string | Blob, filename?: string])[];

async function send(
  parts: Parts,
  headers: Record<string, string> = preflight,
): Promise<GatewayAnswer & { status: number }> {
  const form = new FormData();
  for (const [name, value, filename] of parts) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value, filename);
  }
  const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: form });
  const text = await response.text();
  return { ...(JSON.parse(text) as object), text, status: response.status };
}

const operations = (query: string, variables: object): Parts[number] => [
  'operations',
  JSON.stringify({ query, variables }),
];
const map = (places: object): Parts[number] => ['map', JSON.stringify(places)];
const file = (name: string, text: string, filename = `${name}.txt`): Parts[number] => [
  name,
  new Blob([text], { type: 'text/x-note' }),
  filename,
];
const one = [operations(upload, { content: null }), map({ 0: ['variables.content'] })] as const;

describe('a file beside an operation', () => {
  it('streams to the provider under its own media type', async () => {
    const { data, errors } = await send([...one, file('0', 'hello')]);
    expect([data, errors]).toEqual([{ driveUploadFile: { path: '/a', size: null } }, undefined]);
    const { bytes, headers } = provider.files.get('/a')!;
    expect([bytes.toString(), headers['content-type'], headers['x-key']]).toEqual(['hello', 'text/x-note', 'k-secret']);
  });

  it('may hold whatever looks like the end of a part', async () => {
    const text = `\r\n--\r\n------boundary\r\n${'\r\n--'.repeat(40_000)}\r\n`;
    await send([...one, file('0', text)]);
    expect(provider.files.get('/a')!.bytes.toString()).toBe(text);
  });

  it('may be empty', async () => {
    await send([...one, file('0', '')]);
    expect(provider.files.get('/a')!.bytes.length).toBe(0);
  });

  it('is a part of a form at the provider, under its own name', async () => {
    provider.script.set('/attached', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        provider.files.set('/attached', { bytes: Buffer.concat(chunks), headers: request.headers });
        response.writeHead(200).end('{}');
      });
    });
    const query = 'mutation ($file: Upload!) { driveAttachFile(input: { note: "n", file: $file }) { note } }';
    const parts = [operations(query, { file: null }), map({ f: ['variables.file'] }), file('f', 'text', 'ü "q".txt')];
    expect((await send(parts)).data).toEqual({ driveAttachFile: { note: 'n' } });
    expect(provider.files.get('/attached')!.bytes.toString()).toContain(
      'name="file"; filename="ü %22q%22.txt"\r\ncontent-type: text/x-note\r\n\r\ntext\r\n',
    );
  });

  it('is one of several that pass in turn', async () => {
    const places = map({ 1: ['variables.x'], 2: ['variables.y'] });
    const parts = [operations(twoUploads, { x: null, y: null }), places, file('1', 'first'), file('2', 'second')];
    expect((await send(parts)).data).toEqual({ x: { path: '/x' }, y: { path: '/y' } });
    expect([...provider.files].map(([path, { bytes }]) => [path, String(bytes)])).toEqual([
      ['/x', 'first'],
      ['/y', 'second'],
    ]);
  });

  it('takes longer than an operation may, and holds nothing of it back', async () => {
    const boundary = 'b';
    const client = httpRequest(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { ...preflight, 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
    const answered = new Promise<string>((resolve) => {
      client.on('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += String(chunk)));
        response.on('end', () => resolve(text));
      });
    });
    const part = (head: string, body: string) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
    client.write(part('name="operations"', one[0][1] as string) + part('name="map"', one[1][1] as string));
    client.write(`--b\r\nContent-Disposition: form-data; name="0"; filename="s"\r\n\r\nbegin`);
    const before = provider.partial();
    await until(() => provider.partial() > before);
    const since = Date.now();
    await until(() => Date.now() - since > 1_100);
    client.end('end\r\n--b--\r\n');
    expect(JSON.parse(await answered)).toEqual({ data: { driveUploadFile: { path: '/a', size: null } } });
    expect(provider.files.get('/a')!.bytes.toString()).toBe('beginend');
  });

  it('is not kept when it is cut', async () => {
    const client = httpRequest(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { ...preflight, 'content-type': 'multipart/form-data; boundary=b' },
    });
    client.on('error', () => {});
    const part = (name: string, body: string) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${body}`;
    const head = `${part('operations', one[0][1] as string)}\r\n${part('map', one[1][1] as string)}\r\n`;
    const before = provider.partial();
    client.write(`${head}${part('0', 'x'.repeat(100_000))}`);
    await until(() => provider.partial() > before);
    client.destroy();
    await until(() => provider.asked.at(-1) === 'PUT /a');
    await send([...one, file('0', 'whole')]);
    expect(provider.files.get('/a')!.bytes.toString()).toBe('whole');
  });
});

describe('what is refused', () => {
  const says = async (parts: Parts, headers?: Record<string, string>) => {
    const { status, errors } = await send(parts, headers);
    return [status, errors?.[0]?.extensions.code, errors?.[0]?.message];
  };
  const why = (what: string) => [400, 'UPLOAD_INVALID', `The files beside the operation cannot be taken: ${what}.`];

  it('is a form that a page of another site could send', async () => {
    expect(await says([...one, file('0', 'x')], {})).toEqual([
      400,
      'UPLOAD_INVALID',
      'Files beside an operation are taken with the header Apollo-Require-Preflight only, which no form of another site can send. Add it, with any value.',
    ]);
    expect(provider.files.size).toBe(0);
  });

  it.each<[string, Parts, string]>([
    ['without operations first', [one[1], one[0], file('0', 'x')], 'expected the part `operations` first; got "map"'],
    ['without a map', [one[0], file('0', 'x')], 'expected the part `map` second; got "0"'],
    ['of one part', [one[0]], 'expected the part `map` second; got none'],
    [
      'of a list of operations',
      [['operations', '[]'], one[1]],
      '`operations` is a list; send one operation with its files',
    ],
    ['of operations that are no JSON', [['operations', '{'], one[1]], '`operations` is no JSON'],
    ['with a prototype', [['operations', '{"__proto__":{}}'], one[1]], '`operations` has a key that is not taken'],
    ['of a map that is no object', [one[0], ['map', '3']], '`map` is no object'],
    ['without files', [one[0], map({})], '`map` names no files; send an operation without any as application/json'],
    [
      'of too many files',
      [one[0], map({ 0: ['variables.a'], 1: ['variables.b'], 2: ['variables.c'] })],
      '`map` names 3 files; expected 2 at most',
    ],
    [
      'with a file of two places',
      [one[0], map({ 0: ['variables.content', 'variables.other'] })],
      '`map` gives the file "0" not exactly one place in `variables`',
    ],
    [
      'with a place outside',
      [one[0], map({ 0: ['query'] })],
      '`map` gives the file "0" not exactly one place in `variables`',
    ],
    [
      'with a place that is not there',
      [one[0], map({ 0: ['variables.content.constructor.prototype'] })],
      '`map` names the place "variables.content.constructor.prototype", which `operations` does not have',
    ],
    [
      'with a place that is taken',
      [operations(upload, { content: 1 }), map({ 0: ['variables.content'] })],
      '`map` gives "variables.content" to a file, where `operations` has no null',
    ],
  ])('is a form %s', async (_name, parts, what) => {
    expect(await says(parts)).toEqual(why(what));
  });

  it('is operations larger than other bodies may be', async () => {
    const large = operations(upload, { content: null, more: 'x'.repeat(1_100_000) });
    expect((await says([large, one[1]]))[1]).toBe('BODY_TOO_LARGE');
    const most = operations(upload, { content: null, more: 'x'.repeat(900_000) });
    expect((await says([most, one[1], file('0', 'x'.repeat(150_000))]))[1]).toBe('BODY_TOO_LARGE');
  });

  it('is a file that does not come, or came before its turn', async () => {
    const { errors } = await send([...one, file('other', 'x')]);
    expect(errors?.map(({ message }) => message)).toEqual([
      'The files beside the operation cannot be taken: the file "0" of `map` did not come.',
    ]);
    const places = map({ 1: ['variables.x'], 2: ['variables.y'] });
    const turned = await send([operations(twoUploads, { x: null, y: null }), places, file('2', 'b'), file('1', 'a')]);
    expect(turned.data).toEqual({ x: { path: '/x' }, y: null });
    expect(turned.errors).toMatchObject([
      {
        path: ['y'],
        message:
          'The files beside the operation cannot be taken: the file "2" came before it was used; send files in the order in which the operation uses them.',
        extensions: { code: 'UPLOAD_INVALID' },
      },
    ]);
  });

  it('is a body that is no form', async () => {
    const post = async (contentType: string, body: string) => {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { ...preflight, 'content-type': contentType },
        body,
      });
      const { errors } = (await response.json()) as { errors: { message: string; extensions: { code: string } }[] };
      return errors[0]!.message;
    };
    expect(await post('multipart/form-data', 'x')).toBe(
      'The body is no multipart/form-data that can be read: its Content-Type names no boundary.',
    );
    const form = 'multipart/form-data; boundary=b';
    expect(await post(form, 'x')).toBe('The form ended before it was whole, so nothing of it was kept. Send it again.');
    expect(await post(form, '--bxx')).toBe(
      'The body is no multipart/form-data that can be read: a part of it does not begin where it should.',
    );
    expect(await post(form, '--b\r\ncontent-type: text/plain\r\n\r\nx\r\n--b--')).toBe(
      'The body is no multipart/form-data that can be read: a part of it has no name.',
    );
    expect(await post(form, `--b\r\n${'x'.repeat(9_000)}`)).toBe(
      'The body is no multipart/form-data that can be read: the head of a part has more than 8192 bytes.',
    );
  });

  it('is an Upload without a file', async () => {
    const { errors } = await gateway.ask(upload, { content: 'text' });
    expect(errors?.[0]?.message).toContain(
      'Variable "$content" got invalid value "text"; Expected type "Upload". expected a file that is sent beside the operation, in a variable; got a string.',
    );
  });

  it('leaves the connection usable', async () => {
    for (let count = 0; count < 3; count++) {
      await says([one[0], map({ 0: ['query'] }), file('0', 'x'.repeat(300_000))]);
      expect((await gateway.ask('{ __typename }')).data).toEqual({ __typename: 'Query' });
    }
  });
});
