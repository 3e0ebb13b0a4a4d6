/**
 * What `define…` says to TypeScript. Nothing here runs: the type check of the project fails on every line that is not as it
 * says.
 */
import {
  defineAction,
  defineObject,
  defineTrigger,
  verifyHmac,
  verifyStandardWebhook,
} from '../../src/connector/define.ts';
import type { Notation } from '../../src/notation/field.ts';

// The key of an object is one of its fields.
export const customer = defineObject({ key: 'id', fields: [{ name: 'id', type: 'integer' }, { name: 'name' }] });
// @ts-expect-error there is no such field
defineObject({ key: 'nope', fields: [{ name: 'id' }] });
declare const anyFields: Notation;
export const known = defineObject({ key: 'anything', fields: anyFields });

// A field has no other keys than those of the notation.
// @ts-expect-error `labl` is no key
defineObject({ fields: [{ name: 'id', labl: 'Id' }] });
// @ts-expect-error nor is it in a nested field
defineObject({ fields: [{ name: 'a', type: 'object', properties: [{ name: 'b', labl: 'B' }] }] });
// @ts-expect-error nor in a toggle
defineObject({ fields: [{ name: 'a', toggleHint: 'x', toggleField: { name: 'b', labl: 'B' } }] });
// @ts-expect-error nor in an input
defineAction({ input: [{ name: 'id', labl: 'Id' }], execute: () => null });
// @ts-expect-error nor in an output
defineAction({ output: [{ name: 'id', labl: 'Id' }], execute: () => null });
// @ts-expect-error nor in an output that is an object
defineAction({ output: { fields: [{ name: 'id', labl: 'Id' }] }, execute: () => null });
// @ts-expect-error nor in an event
defineTrigger({ output: [{ name: 'id', labl: 'Id' }], poll: () => ({ events: [] }) });
// @ts-expect-error an action has no other keys
defineAction({ redOnly: true, execute: () => null });
// @ts-expect-error a trigger has no other keys
defineTrigger({ intervalMS: 1, poll: () => ({ events: [] }) });

// Input and output keep the types that their notations declare.
defineAction({
  input: [{ name: 'id', type: 'integer', optional: false, hint: 'Of the customer' }],
  output: customer,
  execute: (_connection, input) => {
    const id: number = input.id;
    // @ts-expect-error an integer is no string
    const text: string = input.id;
    return { id, name: text };
  },
});
// @ts-expect-error a name is no number
defineAction({ output: customer, execute: () => ({ id: 1, name: 2 }) });
export const dynamic = defineAction({
  input: async () => [{ name: 'a' }],
  execute: async (connection, input) => ({ a: input.a, b: await connection.get('b') }),
});

// A poll answers a page of its own kind, and nothing else.
export const ascending = defineTrigger({
  input: [{ name: 'since', type: 'date_time', optional: false }],
  output: customer,
  poll: async (connection, input, cursor) => {
    const since: Date = input.since;
    const page = await connection.get('events').params({ since, cursor });
    return { events: page.events, nextPoll: page.next, canPollMore: page.more };
  },
  dedup: (event) => event.id,
});
export const descending = defineTrigger({
  type: 'paging_desc',
  output: customer,
  poll: (_connection, _input, cursor) => ({ events: [{ id: 1 }], nextPage: cursor }),
  documentId: (event) => event.id,
});
export const request = defineTrigger({ output: customer, poll: (connection) => connection.get('events') });
export const nothing = defineTrigger({ output: customer, poll: () => null });
export const either = defineTrigger({
  output: customer,
  poll: async (_connection, _input, cursor) => (cursor ? { events: [] } : { events: [], nextPoll: 1 }),
});
// @ts-expect-error a descending poll has no nextPoll
defineTrigger({ type: 'paging_desc', output: customer, poll: () => ({ events: [], nextPoll: 1 }) });
// @ts-expect-error an ascending poll has no nextPage
defineTrigger({ output: customer, poll: () => ({ events: [], nextPage: 1 }) });
// @ts-expect-error nor when it is asynchronous
defineTrigger({ output: customer, poll: async () => ({ events: [], nextPage: 1 }) });
// @ts-expect-error a misspelt key would lose the cursor
defineTrigger({ output: customer, poll: async () => ({ events: [], nextPol: 1 }) });
// @ts-expect-error events are those of the notation
defineTrigger({ output: customer, poll: () => ({ events: [{ id: 'x' }] }) });

// What a trigger's functions are given and give.
export const received = defineTrigger({
  output: customer,
  webhook: {
    subscribe: (url, connection) => connection.post('hooks', { url }),
    refresh: (subscription, connection) => connection.patch(`hooks/${subscription.id}`),
    verify: ({ body, headers, connection }) =>
      verifyHmac({ secret: connection.fields.secret, body, signature: headers['x-signature'] }),
    notification: ({ payload, params }) => [payload.customer, params.id],
  },
});
export const numbered = defineTrigger({
  webhook: {
    verify: (request) => verifyStandardWebhook({ secret: 'whsec_bmV3', ...request }),
    notification: () => null,
  },
});
export const told = defineTrigger({
  input: [{ name: 'kind', optional: false }],
  output: customer,
  webhook: {
    subscribe: (url, connection, { kind }, feed) => connection.post('hooks', { url, kind, feed }),
    notification: async ({ payload, input }) => (input.kind === payload.kind ? { id: 1 } : undefined),
  },
});
export const keyed = defineTrigger({
  input: [{ name: 'team', optional: false }],
  output: customer,
  webhook: { key: (_connection, { team }) => team, notification: () => [{ id: 1 }, { id: 2 }] },
});
// @ts-expect-error events are those of the notation, however they come
defineTrigger({ output: customer, webhook: { subscribe: () => 1, notification: () => ({ id: 'x' }) } });
defineTrigger({
  input: [{ name: 'kind' }],
  webhook: {
    // @ts-expect-error the input has no such field
    subscribe: (_url, _connection, { sort }) => sort,
    notification: () => null,
  },
});
// @ts-expect-error a verdict is yes, no or the number of the delivery
defineTrigger({ webhook: { verify: () => 'yes', notification: () => null } });
// @ts-expect-error the body is what was signed
verifyHmac({ secret: 's', signature: 's' });
// @ts-expect-error there is no such algorithm
verifyHmac({ secret: 's', signature: 's', body: 'b', algorithm: 'md5' });
