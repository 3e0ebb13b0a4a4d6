/** The first half of connecting: what the application gives, and the link that the browser opens. */
import type { Connector } from '../connector/definition.ts';
import { AuthorizationError, InputError } from '../errors.ts';
import type { Caller } from './caller.ts';
import { goesToProvider, selectedAuthorization, type Candidate, type Candidates } from './connection-candidate.ts';
import { isStillBound } from './connection-binding.ts';
import { fieldsOf } from './connection-fields.ts';
import {
  begunConnection,
  connectionKey,
  sealingTarget,
  type ConnectionRecord,
  type ConnectionValue,
} from './connection-record.ts';
import { openFields } from './connection-tokens.ts';
import type { DeviceConnecting } from './device-connecting.ts';
import type { Registration } from './registration.ts';
import { tolerant } from './seal.ts';
import { isSameOwner, type Owner } from './owner.ts';
import { createSession } from './connect-session.ts';
import type { Begun, ConnectInput, ConnectWay } from './connecting.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import { connectionNotation, readEnteredFields, refuseUnknownFields } from './entered-fields.ts';
import { newConnectionId } from './stored-connections.ts';

/** What the application gave, judged. */
interface Draft {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Nothing is left to enter. */
  readonly isComplete: boolean;
  /** Nothing is left to do in a browser. */
  readonly isDirect: boolean;
}

/** Begun and never finished, of one owner: whoever begins more loses the oldest. */
const maxPending = 50;

/** @param remove - removes a connection with whatever waits for it. */
export function createBeginning(
  options: ConnectingOptions,
  candidates: Candidates,
  device: DeviceConnecting,
  remove: (record: ConnectionRecord) => Promise<unknown>,
) {
  const { records, keyRing, stored, registrations, now } = options;
  return {
    async begin(caller: Caller, connector: Connector, given: ConnectInput, way: ConnectWay = {}): Promise<Begun> {
      checkLabel(given.label);
      const value = newConnection(caller, connector, given);
      const registration = await registrations.find(caller.tenant, connector);
      if (way.needsRegistration && !registration) throw unregistered(connector);
      const input = { ...given, returnUrl: given.returnUrl ?? registration?.returnUrl };
      const draft = await judge(connector, caller.tenant, input);
      const existing = await findSame(caller, value);
      const isBegun = existing?.value.state === 'PENDING' || existing?.value.state === 'ERROR';
      if (existing && (way.onlyNew || !isBegun)) throw exists(value);
      const id = existing?.id ?? newConnectionId();
      if (draft.isDirect) return connectNow({ id, value, existing, connector, way }, draft);
      if (!usesDevice(connector, draft)) checkReturnUrl(input, way);
      const fresh = {
        ...value,
        fields: candidates.sealFields(sealingTarget({ id, value }), draft.fields),
      };
      if (!existing) await makeRoom(caller, value);
      const record = existing ?? (await create(id, fresh, connector, way));
      return goOn(record, connector, input, draft, way);
    },

    async beginAgain(record: ConnectionRecord, connector: Connector, given: ConnectInput): Promise<Begun> {
      const { id, value } = record;
      const registration = await registrations.find(value.tenant, connector);
      const input = { ...given, returnUrl: given.returnUrl ?? registration?.returnUrl };
      const before = tolerant(() => openFields(record, 'fields', keyRing)) ?? {};
      // What is entered is kept where the subject signs in at the provider; secrets are asked for anew.
      const isOAuth = selectedAuthorization(connector, before)?.type === 'oauth2';
      // What was entered for one host is not sent to another.
      const isKept = isOAuth && (await isSamePlace(record, connector, registration));
      const fields = input.fields ? { ...before, ...input.fields } : isKept ? before : undefined;
      const draft = await judge(connector, value.tenant, { ...input, fields });
      if (draft.isDirect) return connectNow({ id, value, existing: record, connector, way: {} }, draft);
      if (!usesDevice(connector, draft)) checkReturnUrl(input, {});
      return goOn(record, connector, input, draft, {});
    },
  };

  /** Together with its registration, where one is stored: whoever removes that sees the connection, or has removed it before. */
  async function create(
    id: string,
    value: ConnectionValue,
    connector: Connector,
    way: ConnectWay,
  ): Promise<ConnectionRecord> {
    for (;;) {
      const holding = await registrations.holding(value.tenant, connector);
      if (way.needsRegistration && !holding && !registrations.ofOperator(value.tenant, connector)) {
        throw unregistered(connector);
      }
      const created = await stored.create(id, value, holding);
      if (!created) throw exists(value);
      if (created !== 'stale') return created;
    }
  }

  async function isSamePlace(
    record: ConnectionRecord,
    connector: Connector,
    registration: Registration | undefined,
  ): Promise<boolean> {
    const fields = tolerant(() => fieldsOf(record, keyRing));
    return fields !== undefined && isStillBound(record.value, connector, registration, fields);
  }

  /** What is left: on another device, or in a browser. */
  async function goOn(
    record: ConnectionRecord,
    connector: Connector,
    input: ConnectInput,
    draft: Draft,
    way: ConnectWay,
  ): Promise<Begun> {
    if (usesDevice(connector, draft)) {
      const begun = await device.begin(record, connector, draft.fields, input.scopes ?? []);
      return { connection: record, authorizationUrl: null, device: begun };
    }
    return { connection: record, authorizationUrl: await link(record, input, draft, way), device: null };
  }

  async function findSame(caller: Caller, value: ConnectionValue): Promise<ConnectionRecord | undefined> {
    const all = await stored.list(caller, value.connector);
    return all.find((record) => connectionKey(record.value) === connectionKey(value));
  }

  async function makeRoom(caller: Caller, owner: Owner): Promise<void> {
    const all = await stored.list(caller);
    const pending = all.filter(({ value }) => value.state === 'PENDING' && isSameOwner(value, owner));
    const oldest = [...pending].sort((one, other) => one.createdAt - other.createdAt);
    for (const record of oldest.slice(0, Math.max(0, pending.length - maxPending + 1))) await remove(record);
  }

  async function judge(connector: Connector, tenant: string, input: ConnectInput): Promise<Draft> {
    const given = input.fields ?? undefined;
    refuseUnknownFields(connector, given ?? {});
    const notation = connectionNotation(connector);
    const { fields, problems } = readEnteredFields(connector, given ?? {});
    // What is absent the browser is asked for; what is wrong is told now.
    const wrong = Object.entries(problems).filter(([name]) => (given?.[name] ?? null) !== null);
    if (wrong.length > 0) {
      const message = wrong.map(([name, problem]) => `fields.${name}: ${problem}`).join(' ');
      throw new InputError('INPUT_INVALID', message, { connector: connector.name });
    }
    const isComplete = Object.keys(problems).length === 0 && (given !== undefined || notation.length === 0);
    // Without a client id it could only fail later, in front of the subject; who still chooses the way may choose another.
    const isChosen = isComplete || connector.connection?.authorization?.type !== 'multi';
    if (isChosen && selectedAuthorization(connector, fields)?.type === 'oauth2')
      await candidates.oauthClient({ connector, tenant }, fields);
    return { fields: isComplete ? fields : {}, isComplete, isDirect: isComplete && !needsSubject(connector, fields) };
  }

  /** Everything is there: tried and kept at once. @throws AuthorizationError CONNECTION_TEST_FAILED; nothing is kept then. */
  async function connectNow({ id, value, existing, connector, way }: Beginning, { fields }: Draft): Promise<Begun> {
    const target = { id, tenant: value.tenant, connector };
    const isOAuth = selectedAuthorization(connector, fields)?.type === 'oauth2';
    const tokens = isOAuth && (await options.clientCredentials((await candidates.oauthClient(target, fields)).client));
    const candidate: Candidate = { fields, acquired: {}, ...(tokens && { tokens }) };
    const trial = await candidates.try(target, candidate);
    if (!trial.works) {
      throw new AuthorizationError('CONNECTION_TEST_FAILED', trial.problem, { connector: connector.name });
    }
    const credentials = candidates.seal(
      sealingTarget({ id, value }),
      { ...candidate, acquired: trial.acquired, boundTo: trial.boundTo },
      trial.identity,
    );
    const connection = existing
      ? await candidates.keep(id, credentials)
      : await create(id, { ...value, ...credentials }, connector, way);
    return { connection, authorizationUrl: null, device: null };
  }

  async function link(
    record: ConnectionRecord,
    input: ConnectInput,
    draft: Draft,
    { finishInBrowser }: ConnectWay,
  ): Promise<string> {
    const { tenant, subject, connector } = record.value;
    const returnUrl = input.returnUrl ?? null;
    const session = {
      tenant,
      subject,
      connector,
      connection: record.id,
      returnUrl,
      scopes: input.scopes ?? [],
      ...(finishInBrowser && { finishInBrowser }),
    };
    const token = await createSession(records, keyRing, session, draft.isComplete ? draft.fields : undefined, now());
    const url = new URL(
      `connect/${connector}`,
      options.baseUrl.endsWith('/') ? options.baseUrl : `${options.baseUrl}/`,
    );
    url.searchParams.set('session', token);
    return url.href;
  }

  function checkReturnUrl({ returnUrl }: ConnectInput, { finishInBrowser }: ConnectWay): void {
    const expected = 'one of the allowed return URLs (`returnUrls` in the configuration)';
    if (returnUrl === undefined || returnUrl === null) {
      if (options.finishInBrowser || finishInBrowser) return;
      const message = `returnUrl: expected where the browser is sent at the end, ${expected}; got nothing.`;
      throw new InputError('RETURN_URL_REFUSED', message);
    }
    if (options.returnUrls.includes(returnUrl)) return;
    throw new InputError('RETURN_URL_REFUSED', `returnUrl: expected exactly ${expected}; got another.`);
  }
}

/** The code is entered on another device, once everything else is there. */
function usesDevice(connector: Connector, { fields, isComplete }: Draft): boolean {
  return isComplete && isDeviceGrant(connector, fields);
}

function isDeviceGrant(connector: Connector, fields: Readonly<Record<string, unknown>>): boolean {
  const authorization = selectedAuthorization(connector, fields);
  return authorization?.type === 'oauth2' && authorization.grant === 'device_code';
}

/** The subject has to say yes at the provider, here or on another device. */
function needsSubject(connector: Connector, fields: Readonly<Record<string, unknown>>): boolean {
  return goesToProvider(connector, fields) || isDeviceGrant(connector, fields);
}

interface Beginning {
  readonly id: string;
  readonly value: ConnectionValue;
  readonly existing: ConnectionRecord | undefined;
  readonly connector: Connector;
  readonly way: ConnectWay;
}

/** @throws InputError INPUT_INVALID */
function checkLabel(label: string | null | undefined): void {
  if (label === undefined || label === null) return;
  if (label.trim() !== '' && labelPattern.test(label)) return;
  const message = `label: expected 1–100 characters, not only spaces and no control characters; got another.`;
  throw new InputError('INPUT_INVALID', message);
}

const labelPattern = /^\P{Cc}{1,100}$/u;

function newConnection(caller: Caller, connector: Connector, input: ConnectInput): ConnectionValue {
  const isTenants = input.owner === 'TENANT';
  if (!isTenants && caller.subject === undefined) {
    const message =
      'owner: a connection of a subject needs a subject: name one (X-External-Subject-Id), or connect for the TENANT.';
    throw new InputError('SUBJECT_REQUIRED', message);
  }
  return begunConnection({
    tenant: caller.tenant,
    subject: isTenants ? null : (caller.subject ?? null),
    connector: connector.name,
    label: input.label ?? null,
  });
}

/** The error for an owner that has such a connection. */
export function exists({ connector, label }: ConnectionValue): AuthorizationError {
  const which = label === null ? '' : ` labelled ${JSON.stringify(label)}`;
  const message = `There is a connection${which} for ${connector} already. Use \`reconnect\` for it, or give the new one a \`label\`.`;
  return new AuthorizationError('CONNECTION_EXISTS', message, { connector });
}

/** The error for a tenant without a registration. */
export function unregistered({ name, title = name }: Connector): InputError {
  const message = `There is no registration for ${title} yet: make one (\`registerConnector\`), then connect.`;
  return new InputError('REGISTRATION_REQUIRED', message, { connector: name });
}
