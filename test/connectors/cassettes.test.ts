/**
 * What each connector sends, request by request, and how it was answered: a review sees it when that changes. The cassettes
 * are made from the documented answers that the exercises have, so whoever records them needs no account:
 * `PLUGBOARD_RECORD=1 npm test -- test/connectors/cassettes`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { Connector } from '../../src/connector/definition.ts';
import { openCassette } from '../../src/testing/create-test-gateway.ts';
import type { ConnectorExercises } from '../contract/connector-contract.ts';
import { callConnector } from '../support/connector-call.ts';
import { exercises } from './all-exercises.ts';

const folder = join(import.meta.dirname, '../../connectors');
const isRecording = process.env['PLUGBOARD_RECORD'] === '1';

describe('the cassette of each connector', () => {
  it.each(Object.entries(exercises))('has all that %s asks for its actions, and no secret', async (name, own) => {
    const { default: connector } = (await import(pathToFileURL(join(folder, name, 'connector.ts')).href)) as {
      default: Connector;
    };
    const file = join(import.meta.dirname, name, 'cassette.json');
    const { accessToken, close, ...provider } = await own.startProvider();
    const { fields, senderOptions } = atOnePlace(provider);
    const secrets = secretsOf(connector, fields, accessToken);
    // Whoever plays a cassette back needs no provider.
    if (!isRecording) await close();
    const cassette = await openCassette({ file, secrets });
    const caller = callConnector(connector, fields, senderOptions, accessToken, cassette.around);
    const counts = await askAll(caller, own);
    await caller.close();
    await cassette.save();
    if (isRecording) await close();
    expect(Object.values(counts).every((count) => count > 0)).toBe(true);
    expect(cassette.unused()).toEqual([]);
    const text = await readFile(file, 'utf8');
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });
});

/** A provider whose address is entered is at another port each time; on a cassette it has one name. */
function atOnePlace({ fields, senderOptions }: Pick<Provider, 'fields' | 'senderOptions'>) {
  const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(JSON.stringify(fields)) ?? [];
  if (origin === undefined) return { fields, senderOptions };
  const named = JSON.parse(JSON.stringify(fields).replaceAll(origin, place)) as Provider['fields'];
  const replayedOrigins = { ...senderOptions.replayedOrigins, [place]: origin };
  return { fields: named, senderOptions: { ...senderOptions, replayedOrigins } };
}
type Provider = Awaited<ReturnType<ConnectorExercises['startProvider']>>;
const place = 'https://provider.example.test';

/** Rows by action. */
async function askAll(
  caller: ReturnType<typeof callConnector>,
  { actions }: ConnectorExercises,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [name, { first, ...args }] of Object.entries(actions)) {
    counts[name] = (await caller.rows(name, args, first as number | undefined)).length;
  }
  return counts;
}

function secretsOf(
  connector: Connector,
  fields: Readonly<Record<string, unknown>>,
  accessToken: string | undefined,
): readonly string[] {
  const declared = [...(connector.connection?.fields ?? []), ...(connector.registration?.fields ?? [])];
  const open = new Set(declared.filter(({ controlType }) => controlType !== 'password').map(({ name }) => name));
  const secret = Object.entries(fields).filter(([name]) => !open.has(name));
  return [...secret.map(([, value]) => String(value)), ...(accessToken === undefined ? [] : [accessToken])];
}
