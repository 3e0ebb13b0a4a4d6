import { describe, expect, it } from '@jest/globals';
import { shareReads } from '../../src/connector/share-reads.ts';
import { GatewayError, InputError, ProviderError } from '../../src/errors.ts';
import type { CallContext, OutgoingRequest, ReceivedResponse } from '../../src/http/send.ts';
import { callContext, errorOf, outgoing, writing } from '../support/sending.ts';

interface SentRequest {
  readonly request: OutgoingRequest;
  readonly context: CallContext;
  readonly answer: (text: string) => void;
  readonly fail: (error: Error) => void;
}

/** A sender whose answers the test gives, with reads shared above it. */
function scene() {
  const sent: SentRequest[] = [];
  const sender = shareReads({
    send: (request, context) =>
      new Promise<ReceivedResponse>((resolve, fail) => {
        const { url } = request;
        const answer = (text: string) =>
          resolve({ status: 200, headers: { etag: text }, body: Buffer.from(text), url });
        sent.push({ request, context, answer, fail });
        context.signal?.addEventListener('abort', () => {
          const reason: unknown = context.signal!.reason;
          fail(reason instanceof GatewayError ? reason : new GatewayError('REQUEST_CANCELLED', 'Shop was given up.'));
        });
      }),
    close: async () => {},
  });
  const ask = (part: Partial<OutgoingRequest> = {}, context: Partial<CallContext> = {}) =>
    sender.send(outgoing('https://shop.example/orders?a=1', part), reading(context));
  return { sender, sent, ask };
}

const reading = (part: Partial<CallContext> = {}) =>
  callContext({ connector: 'shop', tenant: 't', connection: 'c', isRead: true, ...part });

const textOf = async (answer: Promise<ReceivedResponse>) => (await answer).body.toString();

describe('reads that are alike and under way', () => {
  it('are sent once, and each has an answer of its own', async () => {
    const { sent, ask } = scene();
    const [first, second, third] = [ask(), ask(), ask()];
    expect(sent).toHaveLength(1);
    sent[0]!.answer('one');
    const answers = await Promise.all([first, second, third]);
    expect(answers.map(({ body }) => body.toString())).toEqual(['one', 'one', 'one']);
    answers[1].body.write('X');
    answers[1].url.pathname = '/changed';
    expect(answers[0]).toMatchObject({ body: Buffer.from('one'), url: new URL('https://shop.example/orders?a=1') });
    expect(answers[2].body.toString()).toBe('one');
  });

  it('are sent anew once they were answered', async () => {
    const { sent, ask } = scene();
    const first = ask();
    sent[0]!.answer('one');
    await first;
    const second = ask();
    sent[1]!.answer('two');
    expect(await textOf(second)).toBe('two');
  });

  it.each<[string, Partial<OutgoingRequest>, Partial<CallContext>]>([
    ['another URL', { url: new URL('https://shop.example/orders?a=2') }, {}],
    ['other credentials', { headers: { authorization: 'Bearer other' } }, {}],
    ['another language', { headers: { 'accept-language': 'de' } }, {}],
    ['another connection', {}, { connection: 'd' }],
    ['another tenant', {}, { tenant: 'u' }],
    ['another connector', {}, { connector: 'other' }],
    ['another method', { method: 'HEAD' }, {}],
    ['a body', { body: '{}' }, {}],
    ['a content that is streamed', { streamed: true }, {}],
    ['a certificate', { tls: { certificate: 'c' } }, {}],
    ['a poll', {}, { isPoll: true }],
    ['an action that writes', {}, { isRead: false }],
  ])('are not alike: %s', async (_name, part, context) => {
    const { sent, ask } = scene();
    const both = [
      ask({ headers: { authorization: 'Bearer one' } }),
      ask({ headers: { authorization: 'Bearer one' }, ...part }, context),
    ];
    expect(sent).toHaveLength(2);
    sent[1]!.answer('second');
    sent[0]!.answer('first');
    expect(await Promise.all(both.map(textOf))).toEqual(['first', 'second']);
  });

  it('fail together, each with an error of its own', async () => {
    const { sent, ask } = scene();
    const both = [errorOf(ask()), errorOf(ask())];
    const cause = new Error('reset');
    sent[0]!.fail(new ProviderError('PROVIDER_UNREACHABLE', 'Shop is away.', { cause, connector: 'shop' }));
    const [first, second] = await Promise.all(both);
    second!.addDetails({ raisedIn: 'actions.b' });
    expect(second).toBeInstanceOf(ProviderError);
    expect([second!.code, second!.message, second!.cause]).toEqual(['PROVIDER_UNREACHABLE', 'Shop is away.', cause]);
    expect(first!.details).toEqual({ connector: 'shop' });
  });

  it('are sent by the second where the first had no request left', async () => {
    const { sent, ask } = scene();
    const [first, second] = [errorOf(ask()), ask()];
    sent[0]!.fail(new GatewayError('REQUEST_LIMIT_EXCEEDED', 'No more.'));
    expect((await first).code).toBe('REQUEST_LIMIT_EXCEEDED');
    while (sent.length < 2) await Promise.resolve();
    sent[1]!.answer('two');
    expect(await textOf(second)).toBe('two');
  });
});

describe('a write of a connection', () => {
  it('makes it forget what is under way, before and after', async () => {
    const { sender, sent, ask } = scene();
    const before = ask();
    const written = sender.send(writing('https://shop.example/orders'), reading({ isRead: false }));
    const meanwhile = ask();
    expect(sent).toHaveLength(3);
    sent[1]!.answer('written');
    await written;
    const after = ask();
    expect(sent).toHaveLength(4);
    const other = ask({}, { connection: 'd' });
    for (const [index, { answer }] of sent.entries()) answer(String(index));
    expect(await Promise.all([before, meanwhile, after, other].map(textOf))).toEqual(['0', '2', '3', '4']);
  });

  it('that fails does so too, since it may have been carried out', async () => {
    const { sender, sent, ask } = scene();
    const written = errorOf(sender.send(writing('https://shop.example/orders'), reading({ isRead: false })));
    void ask();
    sent[0]!.fail(new ProviderError('OUTCOME_UNKNOWN', 'Nobody knows.'));
    await written;
    void ask();
    expect(sent).toHaveLength(3);
  });
});

describe('whoever leaves', () => {
  it('leaves alone while others wait', async () => {
    const { sent, ask } = scene();
    const leaving = new AbortController();
    const [first, second] = [
      errorOf(ask({}, { signal: leaving.signal })),
      ask({}, { signal: new AbortController().signal }),
    ];
    leaving.abort();
    expect((await first).code).toBe('REQUEST_CANCELLED');
    expect(sent[0]!.context.signal!.aborted).toBe(false);
    sent[0]!.answer('one');
    expect(await textOf(second)).toBe('one');
  });

  it('stops the request as the last one, which says why; who comes then asks anew', async () => {
    const { sent, ask } = scene();
    const late = new InputError('OPERATION_TIMEOUT', 'The operation took too long.');
    const [one, other] = [new AbortController(), new AbortController()];
    const both = [errorOf(ask({}, { signal: one.signal })), errorOf(ask({}, { signal: other.signal }))];
    one.abort();
    await both[0];
    other.abort(late);
    expect((await both[1])!.code).toBe('OPERATION_TIMEOUT');
    expect(sent[0]!.context.signal!.aborted).toBe(true);
    const next = ask();
    sent[1]!.answer('two');
    expect(await textOf(next)).toBe('two');
  });

  it('before it asked sends nothing that others would share', async () => {
    const { sent, ask } = scene();
    void ask({}, { signal: AbortSignal.abort() }).catch(() => {});
    const next = ask();
    expect(sent).toHaveLength(2);
    sent[1]!.answer('two');
    expect(await textOf(next)).toBe('two');
  });
});
