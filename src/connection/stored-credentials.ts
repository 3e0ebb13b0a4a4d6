/** The credentials of one stored connection, as all calls of this process share them. */
import { authorizationOf, type Credentials } from '../connector/authorize.ts';
import type { ConnectionFields, Connector, OAuth2Authorization } from '../connector/definition.ts';
import { AuthorizationError, GatewayError, ProviderError } from '../errors.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { isSameSecret, type Secret } from '../http/secret.ts';
import { scopesAgain } from './connect-hint.ts';
import { checkPlace, reauthRequired } from './check-binding.ts';
import { isSameBinding, rebound } from './connection-binding.ts';
import { connectionChange } from './connection-change.ts';
import { disconnected, fieldsOf, mergeAcquired } from './connection-fields.ts';
import { connectionKind, type ConnectionRecord } from './connection-record.ts';
import { openTokens } from './connection-tokens.ts';
import { isSameOwner } from './owner.ts';
import type { OpenedRecord, RefreshDesk, RefreshTarget } from './refresh-desk.ts';
import { refreshTokens } from './refresh-tokens.ts';
import { declaredFields, type Registration } from './registration.ts';
import { isIdle, scheduleOf, type Schedule } from './token-schedule.ts';

/** Whose credentials: the record as it was just read, and what belongs to it. */
export interface CredentialsSource {
  readonly record: ConnectionRecord;
  readonly connector: Connector;
  readonly registration: Registration | undefined;
}

/** Providers that answer 401 whatever the token would else cost a refresh, and a rotation, for every call. */
const futileMs = 60_000;

/** Credentials of one connection. */
export class StoredCredentials implements Credentials {
  readonly #desk: RefreshDesk;
  #source: CredentialsSource;
  #opened: OpenedRecord;
  #fields: ConnectionFields;
  #schedule: Schedule;
  /** The one renewal of this process. It ends when its tokens are kept. */
  #underWay: Renewal | undefined;
  /** A new token that was refused like the old one: there is none to be got for it until then. */
  #futile: { readonly token: Secret | undefined; readonly until: number } | undefined;
  /** No background renewal before that: one that failed is not begun again by every request. */
  #quietUntil = 0;

  constructor(desk: RefreshDesk, source: CredentialsSource) {
    this.#desk = desk;
    this.#source = source;
    const { record } = source;
    this.#opened = { record, tokens: openTokens(record, desk.keyRing) };
    this.#fields = this.#openFields(record);
    this.#schedule = this.#scheduleOf();
  }

  get isAtWork(): boolean {
    return this.#underWay !== undefined;
  }

  fields = (): ConnectionFields => this.#fields;

  checkPlace = (origin: string | undefined): void => {
    const { record } = this.#opened;
    checkPlace(this.#desk, { ...this.#source, connectionId: record.id }, record, origin);
  };

  /**
   * Whether it is made for this definition of its connector, and not for one that was loaded before, for this owner and
   * for these hosts: what is open already goes to nobody whom the record names only since.
   */
  isOf({ connector, record }: CredentialsSource): boolean {
    const { value } = this.#source.record;
    const isSamePlace = isSameOwner(value, record.value) && isSameBinding(value, record.value);
    return this.#source.connector === connector && isSamePlace;
  }

  /** Takes what was read elsewhere, unless this is newer. */
  update(source: CredentialsSource): void {
    const { registration } = this.#source;
    this.#source = source;
    const { record, connector } = source;
    if (record.version > this.#opened.record.version) {
      this.#adopt({ record, tokens: openTokens(record, this.#desk.keyRing) });
    }
    const declared = connector.registration?.fields ?? [];
    if (declared.some(({ name }) => registration?.fields[name] !== source.registration?.fields[name])) {
      this.#fields = this.#openFields(this.#opened.record);
    }
  }

  /** Saves what `acquire` gave before anybody uses it. @throws GatewayError of the store; CONNECTION_NOT_FOUND */
  merge = async (acquired: Readonly<Record<string, unknown>>): Promise<void> => {
    const { records, keyRing } = this.#desk;
    const { id } = this.#opened.record;
    for (;;) {
      const found = (await records.get(connectionKind, id)) as ConnectionRecord | undefined;
      if (!found) throw disconnected(id, this.#source.connector);
      const { connector, registration } = this.#source;
      const before = fieldsOf(found, keyRing);
      const boundTo = await rebound(found.value, connector, registration, {
        before,
        after: { ...before, ...acquired },
      });
      const value = { ...found.value, acquired: mergeAcquired(found, acquired, keyRing), boundTo };
      const saved = (await records.compareAndSet(connectionKind, id, found.version, value)) as
        ConnectionRecord | undefined;
      if (saved) return this.#adopt({ record: saved, tokens: openTokens(saved, keyRing) });
    }
  };

  /** The provider refuses what was entered: the subject has to connect again. Best effort; the error is thrown anyway. */
  refused = async (refusal: GatewayError): Promise<void> => {
    const { records, onConnectionChange, connectHint, now } = this.#desk;
    const { id, value: before } = this.#opened.record;
    const { connector, registration } = this.#source;
    const connect = connectHint(connector, scopesAgain(connector, registration, before));
    refusal.details = { ...refusal.details, connection: id, connect };
    const found = (await records.get(connectionKind, id).catch(() => undefined)) as ConnectionRecord | undefined;
    if (!found || found.version !== this.#opened.record.version || found.value.state === 'REAUTH_REQUIRED') return;
    const value = { ...found.value, state: 'REAUTH_REQUIRED' as const, reason: refusal.message };
    const saved = await records.compareAndSet(connectionKind, id, found.version, value).catch(() => undefined);
    if (!saved) return;
    this.#adopt({ record: saved as ConnectionRecord, tokens: this.#opened.tokens });
    const change = connectionChange(found, saved as ConnectionRecord, now());
    if (change) onConnectionChange(change);
  };

  refusedAgain = (token: Secret | undefined): void => {
    this.#futile = { token, until: this.#desk.now() + futileMs };
  };

  async refreshIdle(): Promise<boolean> {
    const before = this.#opened.tokens?.access_token;
    if (!this.#authorization()) return false;
    // Nobody waits for it, so it may take as long as it takes.
    await this.#renewWhile(({ record }) => isIdle(record, this.#desk.now()), undefined);
    return !isSameSecret(this.#opened.tokens?.access_token, before);
  }

  async settled(): Promise<void> {
    await this.#underWay?.done;
  }

  accessToken = (): Secret | undefined | Promise<Secret | undefined> => {
    const now = this.#desk.now();
    const { renewFrom, waitFrom, endsAt } = this.#schedule;
    const token = this.#opened.tokens?.access_token;
    if (this.#opened.record.value.state === 'REAUTH_REQUIRED') return Promise.reject(this.#reauthRequired());
    if (token !== undefined && now < renewFrom) return token;
    const isOld = ({ record, tokens }: OpenedRecord) =>
      tokens === undefined || now >= scheduleOf(record.value.expiresAt, tokens.obtained_at).renewFrom;
    if (token !== undefined && now < waitFrom) {
      if (now >= this.#quietUntil) void this.#renewWhile(isOld).catch((error: unknown) => this.#stayQuiet(error));
      return token;
    }
    return this.#renewWhile(isOld).then(
      () => this.#opened.tokens?.access_token,
      (error: unknown) => {
        // Still good, if only just: better than nothing, unless the provider has said that it is over.
        const isOver = error instanceof AuthorizationError && error.code === 'REAUTH_REQUIRED';
        if (token !== undefined && this.#desk.now() < endsAt && !isOver) return token;
        throw error;
      },
    );
  };

  refresh = async (refusedToken?: Secret): Promise<void> => {
    const isFutile = this.#futile !== undefined && isSameSecret(refusedToken, this.#futile.token);
    if (isFutile && this.#desk.now() < (this.#futile?.until ?? 0)) return;
    await this.#renewWhile(({ tokens }) => tokens === undefined || tokens.access_token.equals(refusedToken));
  };

  #stayQuiet(error: unknown): void {
    const retryAfterMs = error instanceof GatewayError ? error.details.retryAfterMs : undefined;
    this.#quietUntil = this.#desk.now() + Math.max(1_000, retryAfterMs ?? 0);
  }

  /** Renews once for all who ask meanwhile, until what is kept is not stale. */
  async #renewWhile(
    isStale: (opened: OpenedRecord) => boolean,
    waitMs: number | undefined = this.#desk.limits.callerWaitMs,
  ): Promise<void> {
    // One that is under way may be about an older token, so what it gave is judged again.
    for (let round = 0; round < 3 && isStale(this.#opened); round++) {
      const { result } = (this.#underWay ??= this.#renew(isStale));
      await (waitMs === undefined ? result : within(waitMs, result, () => this.#tooLate(waitMs)));
    }
  }

  /** The renewal goes on, and what it gives is kept for the next who asks. */
  #tooLate(waitMs: number): ProviderError {
    const { connector, record } = this.#source;
    return new ProviderError(
      'PROVIDER_TIMEOUT',
      `The token endpoint of ${connector.title ?? connector.name} gave no new access token within ${waitMs} ms. It is still being waited for, and what it gives is kept: try again in a few seconds.`,
      { connector: connector.name, connection: record.id, retryAfterMs: retryLateMs },
    );
  }

  #renew(isStale: (opened: OpenedRecord) => boolean): Renewal {
    const { promise, resolve, reject } = withResolvers();
    const run = async (): Promise<void> => {
      // Not at once: it must be noted as under way before it can end.
      await Promise.resolve();
      const outcome = await refreshTokens(this.#desk, this.#target(), isStale, reject).then(
        (opened) => ({ opened }),
        (error: unknown) => ({ error }),
      );
      // First of all: those who are told may want another one.
      this.#underWay = undefined;
      if ('error' in outcome) return reject(outcome.error);
      this.#adopt(outcome.opened);
      resolve();
    };
    return { result: promise, done: run() };
  }

  #target(): RefreshTarget {
    const { connector, registration, record } = this.#source;
    const authorization = this.#authorization();
    if (!authorization) throw new TypeError(`The connection ${record.id} has no OAuth 2.0 authorization.`);
    return { connectionId: record.id, connector, registration, authorization };
  }

  #adopt(opened: OpenedRecord): void {
    const before = this.#opened.record;
    if (opened.record.version < before.version) return;
    this.#opened = opened;
    const { fields, acquired } = opened.record.value;
    if (fields !== before.value.fields || acquired !== before.value.acquired) {
      this.#fields = this.#openFields(opened.record);
    }
    this.#schedule = this.#scheduleOf();
  }

  #openFields(record: ConnectionRecord): ConnectionFields {
    const { registration, connector } = this.#source;
    const fields: Record<string, unknown> = {
      ...declaredFields(connector, registration),
      ...fieldsOf(record, this.#desk.keyRing),
    };
    if (record.value.tokens !== null) {
      // Tokens reach connector code through `apply` alone, whatever `acquire` gave beside them.
      delete fields['access_token'];
      delete fields['refresh_token'];
    }
    return hideFields(fields);
  }

  #scheduleOf(): Schedule {
    return scheduleOf(this.#opened.record.value.expiresAt, this.#opened.tokens?.obtained_at);
  }

  #authorization(): OAuth2Authorization | undefined {
    const authorization = authorizationOf(this.#source.connector, this.#fields);
    return authorization.type === 'oauth2' ? authorization : undefined;
  }

  #reauthRequired(): AuthorizationError {
    const { record } = this.#opened;
    return reauthRequired(this.#desk, { ...this.#source, connectionId: record.id }, record);
  }
}

/** A server that is slow today is asked about again after that. */
const retryLateMs = 5_000;

async function within<T>(waitMs: number, work: Promise<T>, tooLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), waitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

interface Renewal {
  /** Ends when the tokens may be used, or with the reason why not. */
  readonly result: Promise<void>;
  /** Ends, and never fails, when the tokens are kept. */
  readonly done: Promise<void>;
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Nobody may wait any more when it fails.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
