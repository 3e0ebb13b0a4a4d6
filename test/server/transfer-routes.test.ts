import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileConnector, startFileProvider, type FileProvider } from '../support/file-provider.ts';
import { startTenantGateway, type TenantGateway } from '../support/tenant-gateway.ts';
import { until } from '../support/until.ts';

let provider: FileProvider;
let gateway: TenantGateway;
const ada = { subject: 'ada' };
const id = 'drive@acme.ada';

beforeAll(async () => {
  provider = await startFileProvider();
  gateway = await startTenantGateway({
    connectors: [fileConnector(provider.origin)],
    origins: [provider.origin],
    configuration: {
      connections: [{ connector: 'drive', tenant: 'acme', subject: 'ada', fields: { key: 'k-secret' } }],
      files: { maxUploadBytes: 1_000_000, maxPerTenant: 2, urlMs: 60_000 },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

async function uploadUrl(path = '/a.txt'): Promise<string> {
  const mutation = `mutation ($path: String!) {
    uploadFile(connection: "${id}", input: { path: $path }) { url method expiresAt }
  }`;
  const { data } = await gateway.ask(mutation, { path }, ada);
  expect(data.uploadFile).toMatchObject({ method: 'PUT' });
  return data.uploadFile.url as string;
}

async function downloadUrl(path = '/a.txt'): Promise<string> {
  const query = `query ($path: String!) { file(connection: "${id}", path: $path) { download { url method } } }`;
  const { data } = await gateway.ask(query, { path }, ada);
  expect(data.file.download).toMatchObject({ method: 'GET' });
  return data.file.download.url as string;
}

const unknown = {
  errors: [
    {
      message:
        'There is nothing to send or fetch at this URL: it was used, it has expired, or it never was. Ask for a new one.',
      extensions: { code: 'TRANSFER_UNKNOWN', requestId: expect.any(String) },
    },
  ],
};

async function expectUnknown(response: Response): Promise<void> {
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual(unknown);
}

describe('a one-time URL', () => {
  it('streams a content to its provider, with the credentials of the connection', async () => {
    const url = await uploadUrl('/in/b c.txt');
    const response = await fetch(url, { method: 'PUT', body: 'hello', headers: { 'content-type': 'text/x-note' } });
    expect([response.status, await response.text()]).toEqual([204, '']);
    const { bytes, headers } = provider.files.get('/in/b c.txt')!;
    expect(bytes.toString()).toBe('hello');
    expect(headers).toMatchObject({ 'x-key': 'k-secret', 'content-type': 'text/x-note', 'content-length': '5' });
    expect(headers['authorization']).toBeUndefined();
  });

  it('streams a content from its provider, to be saved and not shown', async () => {
    provider.files.set('/ü "x".html', { bytes: Buffer.from('<script>'), headers: {} });
    const response = await fetch(await downloadUrl('/ü "x".html'));
    expect(await response.text()).toBe('<script>');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain',
      'content-length': '8',
      'content-disposition': `attachment; filename="_ _x_.html"; filename*=UTF-8''%C3%BC%20%22x%22.html`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'referrer-policy': 'no-referrer',
    });
  });

  it('sends a content of unknown length', async () => {
    const body = Readable.toWeb(Readable.from(['one ', 'two'])) as ReadableStream;
    const response = await fetch(await uploadUrl('/chunked'), { method: 'PUT', body, duplex: 'half' });
    expect(response.status).toBe(204);
    expect(provider.files.get('/chunked')!.bytes.toString()).toBe('one two');
    expect(provider.files.get('/chunked')!.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
  });

  it('is taken once', async () => {
    provider.files.set('/once', { bytes: Buffer.from('x'), headers: {} });
    const url = await downloadUrl('/once');
    const answers = await Promise.all(Array.from({ length: 5 }, () => fetch(url)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404, 404, 404, 404]);
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    await expectUnknown(await fetch(url));
    const upload = await uploadUrl('/once');
    await fetch(upload, { method: 'PUT', body: '1' });
    await expectUnknown(await fetch(upload, { method: 'PUT', body: '2' }));
    expect(provider.files.get('/once')!.bytes.toString()).toBe('1');
  });

  it('is nothing when it was edited, or never was', async () => {
    const url = await downloadUrl();
    const last = url.at(-2) === 'A' ? 'B' : 'A';
    await expectUnknown(await fetch(`${url.slice(0, -2)}${last}${url.at(-1)}`));
    await expectUnknown(await fetch(`${gateway.url()}/transfers/x`));
    await expectUnknown(await fetch(`${gateway.url()}/transfers/${'a'.repeat(90)}`, { method: 'PUT', body: 'x' }));
  });

  it('is nothing to somebody else who says who he is, and is not taken by that', async () => {
    provider.files.set('/mine', { bytes: Buffer.from('mine'), headers: {} });
    const url = await downloadUrl('/mine');
    const as = (tenant: 'acme' | 'globex', subject?: string) =>
      fetch(url, {
        headers: {
          authorization: `Bearer ${gateway.keys[tenant]}`,
          ...(subject && { 'x-external-subject-id': subject }),
        },
      });
    await expectUnknown(await as('globex', 'ada'));
    await expectUnknown(await as('acme', 'bob'));
    await expectUnknown(await fetch(url, { headers: { authorization: 'Bearer nonsense' } }));
    expect(await (await as('acme', 'ada')).text()).toBe('mine');
  });

  it('says which method it takes, and is not taken by another', async () => {
    const url = await uploadUrl('/kept');
    const wrong = await fetch(url);
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'PUT']);
    expect(await wrong.json()).toMatchObject({
      errors: [{ message: 'This URL takes PUT; got GET. It can still be used.' }],
    });
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(404);
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(204);
  });

  it('is nowhere in the log, and nor is what it stands for', async () => {
    const token = (await downloadUrl()).split('/').at(-1)!;
    await (await fetch(`${gateway.url()}/transfers/${token}`)).text();
    expect(gateway.log()).toContain('/transfers/:token');
    expect(gateway.log()).not.toContain(token);
  });

  it('fails as its provider does', async () => {
    const response = await fetch(await downloadUrl('/absent'));
    expect([response.status, response.headers.get('content-disposition')]).toEqual([502, null]);
    expect(await response.json()).toMatchObject({
      errors: [
        {
          message: `Drive answered 404 Not Found to GET ${provider.origin}/absent.`,
          extensions: { code: 'PROVIDER_NOT_FOUND' },
        },
      ],
    });
  });
});

describe('what is cut', () => {
  it('destroys the connection of whoever fetches it', async () => {
    provider.script.set('/cut', (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x'.repeat(400), () => response.destroy());
    });
    const response = await fetch(await downloadUrl('/cut'));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('destroys it also where no length was announced', async () => {
    provider.script.set('/cut-chunked', (_request, response) => {
      response.writeHead(200);
      response.write('x'.repeat(400), () => response.destroy());
    });
    const response = await fetch(await downloadUrl('/cut-chunked'));
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('is not kept by the provider, whether its length was said or not', async () => {
    for (const headers of [{ 'content-length': '1000' }, {}] as Record<string, string>[]) {
      const url = new URL(await uploadUrl('/half'));
      const before = provider.partial();
      const client = httpRequest(url, { method: 'PUT', headers });
      client.on('error', () => {});
      client.write('x'.repeat(400));
      await until(() => provider.partial() === before + 400);
      client.destroy();
      await until(() => provider.asked.at(-1) === 'PUT /half');
      await expectUnknown(await fetch(url, { method: 'PUT', body: 'again' }));
    }
    expect(provider.files.has('/half')).toBe(false);
  });

  it('ends at the provider when whoever fetches it goes', async () => {
    const gone = new Promise<void>((resolve) => {
      provider.script.set('/endless', (_request, response) => {
        response.writeHead(200);
        const write = (): void => void (response.writableEnded || response.write('x'.repeat(65_536), write));
        write();
        response.on('close', resolve);
      });
    });
    const response = await fetch(await downloadUrl('/endless'));
    await response.body!.cancel();
    await gone;
  });
});

describe('what is refused', () => {
  const put = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const response = await fetch(await uploadUrl('/refused'), { method: 'PUT', body, headers });
    const { errors } = (await response.json()) as { errors: { message: string; extensions: { code: string } }[] };
    return [response.status, errors[0]!.extensions.code, errors[0]!.message];
  };

  it('is too large, said so at once or found out', async () => {
    const message =
      'The content is larger than 1000000 bytes, the limit of the gateway. Send less, or raise `files.maxUploadBytes`.';
    expect(await put(Buffer.alloc(1_000_001))).toEqual([413, 'BODY_TOO_LARGE', message]);
    const body = Readable.toWeb(Readable.from([Buffer.alloc(600_000), Buffer.alloc(600_000)])) as ReadableStream;
    const url = await uploadUrl('/refused');
    const response = await fetch(url, { method: 'PUT', body, duplex: 'half' });
    expect([response.status, await response.json()]).toEqual([
      413,
      { errors: [{ message, extensions: { code: 'BODY_TOO_LARGE', requestId: expect.any(String) } }] },
    ]);
    expect(provider.files.has('/refused')).toBe(false);
  });

  it('is a part, or compressed', async () => {
    expect(await put('x', { 'content-range': 'bytes 0-0/2' })).toEqual([
      400,
      'BODY_INVALID',
      'A content is sent whole, without Content-Range. Send all of it at once.',
    ]);
    expect(await put('x', { 'content-encoding': 'gzip' })).toEqual([
      400,
      'BODY_INVALID',
      'A content is sent as it is, without Content-Encoding.',
    ]);
  });

  it('is more than may pass at a time, and its URL stays good', async () => {
    const waiting = new Map<string, () => void>();
    for (const path of ['/w1', '/w2', '/w3']) {
      provider.script.set(path, (_request, response) => {
        response.writeHead(200).write(path);
        waiting.set(path, () => response.end());
      });
    }
    const urls = await Promise.all(['/w1', '/w2', '/w3'].map(downloadUrl));
    const first = await Promise.all([fetch(urls[0]!), fetch(urls[1]!)]);
    const refused = await fetch(urls[2]!);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({
      errors: [
        {
          message:
            'More than 2 contents of this application pass through this gateway at the moment. The URL can still be used: ask again in a moment.',
          extensions: { code: 'TRANSFER_LIMIT' },
        },
      ],
    });
    waiting.get('/w1')!();
    waiting.get('/w2')!();
    expect(await Promise.all(first.map((response) => response.text()))).toEqual(['/w1', '/w2']);
    const third = await fetch(urls[2]!);
    await until(() => waiting.has('/w3'));
    waiting.get('/w3')!();
    expect(await third.text()).toBe('/w3');
  });
});

describe('the own field of a connector', () => {
  it('gives a URL for a content', async () => {
    provider.files.set('/own', { bytes: Buffer.from('own'), headers: {} });
    const before = provider.asked.length;
    const { data } = await gateway.ask(
      `{ driveDownloadFile(connection: "${id}", path: "/own") { content { url method } } }`,
      {},
      ada,
    );
    expect(provider.asked.length).toBe(before);
    const response = await fetch(data.driveDownloadFile.content.url);
    expect([await response.text(), response.headers.get('content-disposition')]).toEqual(['own', 'attachment']);
  });
});
