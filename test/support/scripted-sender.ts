/** A sender without a network: answers in the order of a script, for tests on a faked clock. */
import type { Sender } from '../../src/http/send.ts';
import type { OutgoingRequest } from '../../src/http/wire.ts';

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string as it is. Default `{}`. */
  readonly body?: unknown;
}

export interface ScriptedSender extends Sender {
  /** What was sent so far. */
  readonly sent: readonly OutgoingRequest[];
}

/** Uses up the answers one by one; the last stays. */
export function scriptSender(...answers: readonly ScriptedAnswer[]): ScriptedSender {
  const sent: OutgoingRequest[] = [];
  return {
    sent,
    send: async (request, context) => {
      context.budget.spend();
      const { status = 200, headers = {}, body = {} } = answers[Math.min(sent.length, answers.length - 1)] ?? {};
      sent.push(request);
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return {
        status,
        headers: { 'content-type': 'application/json', ...headers },
        body: Buffer.from(text),
        url: request.url,
      };
    },
    close: async () => {},
  };
}
