/** Checks the triggers of a connector, and their webhooks. */
import { didYouMean } from '../notation/nearest.ts';
import { checkKeys, describe, isPlainObject, type KeyKinds } from './check-keys.ts';
import { presentationKeys } from './presentation-keys.ts';
import { listedFields, namesOf, type PartCheck, type Unchecked } from './part-check.ts';

const triggerKeys: KeyKinds = {
  ...presentationKeys,
  type: 'string',
  poll: 'function',
  dedup: 'function',
  documentId: 'function',
  sortBy: 'function',
  startField: 'string',
  intervalMs: 'count',
  lookBackMs: 'count',
  intervalHeader: 'string',
  conditional: 'boolean',
  webhook: 'object',
};
const webhookKeys: KeyKinds = {
  subscribe: 'function',
  unsubscribe: 'function',
  refresh: 'function',
  challenge: 'function',
  verify: 'function',
  notification: 'function',
  key: 'function',
  payloadType: 'string',
  responseType: 'string',
  responseBody: 'string',
  responseHeaders: 'object',
  responseStatus: 'number',
};

export function checkTriggers(triggers: unknown, check: PartCheck): void {
  check.each(triggers, 'triggers', 'TRIGGER_INVALID', (trigger, path) => checkTrigger(trigger, path, check));
}

function checkTrigger(trigger: Unchecked, path: string, check: PartCheck): void {
  checkKeys(trigger, triggerKeys, path, 'TRIGGER_INVALID', check.report, check.warn);
  check.notation(trigger.input, `${path}.input`);
  check.notation(trigger.output, `${path}.output`);
  if (Array.isArray(trigger.configFields)) check.fields(trigger.configFields, `${path}.configFields`);
  const { type, poll, webhook } = trigger;
  checkWord(type, ['ascending', 'paging_desc'], `${path}.type`, check);
  if (poll === undefined && webhook === undefined) {
    check.fault('TRIGGER_INVALID', path, 'expected `poll`, `webhook` or both; got neither.');
  } else if (poll === undefined) {
    checkUnpolled(trigger, path, check);
  }
  if (type === 'paging_desc' && trigger.lookBackMs !== undefined && trigger.sortBy === undefined) {
    const message = 'expected `sortBy`, which says how far back a row is; got none.';
    check.fault('TRIGGER_INVALID', `${path}.lookBackMs`, message);
  }
  const { intervalHeader } = trigger;
  if (typeof intervalHeader === 'string' && intervalHeader !== '' && !/^[\w-]+$/.test(intervalHeader)) {
    const message = `expected the name of a header; got ${describe(intervalHeader)}.`;
    check.fault('TRIGGER_INVALID', `${path}.intervalHeader`, message);
  }
  if (isPlainObject(webhook)) checkWebhook(webhook, `${path}.webhook`, poll !== undefined, check);
  checkStartField(trigger, path, check);
}

/** What says how to poll has no effect without a poll. The type and the rest may stand there: published connectors do. */
function checkUnpolled(trigger: Unchecked, path: string, check: PartCheck): void {
  for (const key of ['startField', 'intervalMs', 'lookBackMs', 'intervalHeader', 'conditional']) {
    if (trigger[key] === undefined) continue;
    check.fault('TRIGGER_INVALID', `${path}.${key}`, 'expected beside a `poll`, which it is about; got no `poll`.');
  }
}

function checkWebhook(webhook: Unchecked, path: string, isPolled: boolean, check: PartCheck): void {
  checkKeys(webhook, webhookKeys, path, 'TRIGGER_INVALID', check.report, check.warn);
  checkWord(webhook.payloadType, ['parsed', 'raw'], `${path}.payloadType`, check);
  checkWord(webhook.responseType, ['plain', 'json'], `${path}.responseType`, check);
  checkResponse(webhook, path, check);
  const { subscribe, key, notification } = webhook;
  for (const name of ['unsubscribe', 'refresh']) {
    if (webhook[name] === undefined || subscribe !== undefined) continue;
    check.fault(
      'TRIGGER_INVALID',
      `${path}.${name}`,
      'expected beside `subscribe`, whose answer it is given; got no `subscribe`.',
    );
  }
  if (key !== undefined) checkKey(subscribe, path, check);
  else if (subscribe === undefined) {
    const message =
      'expected `subscribe`, which gives the provider a URL for each feed, or `key`, by which feeds share one; got neither, so that nothing is ever received.';
    check.fault('TRIGGER_INVALID', path, message);
  }
  if (notification === undefined && !isPolled) {
    const message =
      'expected `notification`, which makes events of what is received, since there is no `poll`; got none.';
    check.fault('TRIGGER_INVALID', path, message);
  }
  if (webhook.verify !== undefined || isPolled) return;
  const message =
    'nothing but its secret URL keeps others from sending events: `verify` says whether the provider sent them.';
  check.warn({ code: 'TRIGGER_INVALID', path, message });
}

function checkResponse({ responseStatus: status, responseHeaders }: Unchecked, path: string, check: PartCheck): void {
  if (typeof status === 'number' && !(Number.isInteger(status) && status >= 200 && status <= 299)) {
    const message = `expected a status from 200 to 299, since the provider would send it again otherwise; got ${status}.`;
    check.fault('TRIGGER_INVALID', `${path}.responseStatus`, message);
  }
  if (!isPlainObject(responseHeaders)) return;
  for (const [name, value] of Object.entries(responseHeaders)) {
    const at = `${path}.responseHeaders.${name}`;
    if (!/^x-[\w-]+$/i.test(name)) {
      check.fault('TRIGGER_INVALID', at, 'expected a name that begins with "x-"; got another one.');
    } else if (typeof value !== 'string') {
      check.fault('TRIGGER_INVALID', at, `expected a string; got ${describe(value)}.`);
    }
  }
}

function checkKey(subscribe: unknown, path: string, check: PartCheck): void {
  if (subscribe !== undefined) {
    const message = 'expected `subscribe`, for a URL of its own, or `key`, for one that all share; got both.';
    check.fault('TRIGGER_INVALID', `${path}.key`, message);
  }
  if (check.hasWebhookKeys) return;
  const message = 'expected `webhookKeys` of the connector, which finds the keys in what is received; got none.';
  check.fault('TRIGGER_INVALID', `${path}.key`, message);
}

function checkStartField({ startField, input }: Unchecked, path: string, check: PartCheck): void {
  if (typeof startField !== 'string' || startField === '' || typeof input === 'function') return;
  const names = namesOf(listedFields(input) ?? []);
  if (names.includes(startField)) return;
  const message = `expected the name of an input field${didYouMean(startField, names)}; got ${describe(startField)}.`;
  check.fault('TRIGGER_INVALID', `${path}.startField`, message);
}

/** What is no text at all is told by its key. */
function checkWord(word: unknown, words: readonly string[], path: string, check: PartCheck): void {
  if (typeof word !== 'string' || word === '' || words.includes(word)) return;
  check.fault('TRIGGER_INVALID', path, `expected ${words.join(' or ')}; got ${describe(word)}.`);
}
