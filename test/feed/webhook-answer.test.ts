import { describe, expect, it } from '@jest/globals';
import { acceptedAnswer, challengeAnswer, type Quotable } from '../../src/feed/webhook-answer.ts';

const quotable: Quotable = {
  body: { challenge: 'c"\\\n<b>', count: 3, nested: { list: ['a'] } },
  headers: { 'x-topic': 'orders\r\nset-cookie: a=b' },
  params: { 'hub.challenge': 'h' },
};
const answer = (webhook: Parameters<typeof acceptedAnswer>[0]) => acceptedAnswer(webhook, () => quotable);

describe('the answer to an accepted webhook', () => {
  it('is an empty 200 where the notation says nothing, and nothing is read for it', () => {
    const read = () => {
      throw new Error('Nothing is quoted.');
    };
    expect(acceptedAnswer(undefined, read)).toEqual({ status: 200, headers: {}, body: '' });
    expect(acceptedAnswer({ responseBody: 'ok' }, read).body).toBe('ok');
  });

  it('says what the notation says, in text', () => {
    expect(
      answer({ responseBody: '{{body.challenge}} {{{body.count}}} {{params.hub.challenge}}', responseStatus: 201 }),
    ).toEqual({
      status: 201,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'c"\\\n<b> 3 h',
    });
  });

  it('stays JSON whatever it quotes', () => {
    const responseBody =
      '{"challenge":"{{body.challenge}}","count":{{body.count}},"all":{{body.nested}},"none":{{body.x}}}';
    const { body, headers } = answer({ responseType: 'json', responseBody });
    expect(JSON.parse(body)).toEqual({ challenge: 'c"\\\n<b>', count: 3, all: { list: ['a'] }, none: null });
    expect(headers).toEqual({ 'content-type': 'application/json; charset=utf-8' });
  });

  it('has headers of its own kind only, and no line breaks in them', () => {
    const responseHeaders = { 'X-Topic': '{{headers.x-topic}}', 'Set-Cookie': 'a=b', Location: 'https://evil.example' };
    expect(answer({ responseHeaders }).headers).toEqual({ 'x-topic': 'ordersset-cookie: a=b' });
  });

  it.each([199, 302, 500])('is never a %d, which would make the provider send again', (responseStatus) => {
    expect(answer({ responseStatus }).status).toBe(200);
  });

  it.each(['{{body.constructor}}', '{{body.__proto__}}', '{{toString}}', '{{body.nested.list.length.constructor}}'])(
    'quotes nothing that was not received: %s',
    (responseBody) => {
      expect(answer({ responseBody }).body).toBe('');
    },
  );
});

describe('the answer to a handshake', () => {
  it('repeats text as text', () => {
    expect(challengeAnswer({ body: '<script>' })).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: '<script>',
    });
  });

  it('may be JSON, and is never a page', () => {
    expect(challengeAnswer({ headers: { 'Content-Type': 'application/json' }, body: '{}' }).headers).toEqual({
      'content-type': 'application/json; charset=utf-8',
    });
    expect(
      challengeAnswer({ headers: { 'content-type': 'text/html', 'X-Hook-Secret': 's' }, body: '' }).headers,
    ).toEqual({
      'content-type': 'text/plain; charset=utf-8',
      'x-hook-secret': 's',
    });
  });
});
