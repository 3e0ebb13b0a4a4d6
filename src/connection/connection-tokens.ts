/** The tokens of a connection: made from what a token endpoint gave, sealed into its record and opened again. */
import type { ConnectionFields } from '../connector/definition.ts';
import { GatewayError } from '../errors.ts';
import { hideFields, withFieldsOpen } from '../http/hidden-fields.ts';
import { isSameSecret, Secret, secretOf } from '../http/secret.ts';
import type { JsonValue } from '../storage/records.ts';
import type { TokenAnswer } from './authorization.ts';
import {
  sealIdentity,
  sealingTarget,
  type OpenableConnection,
  type ConnectionValue,
  type SealingTarget,
  type StoredTokens,
} from './connection-record.ts';
import type { KeyRing } from './seal.ts';

/** What a provider gave, ready to be kept. */
export interface AcquiredTokens {
  readonly tokens: StoredTokens;
  /** Granted, as the provider says, else as they were asked for. */
  readonly scopes: readonly string[];
  /** When the access token ends; `null`: not known. */
  readonly expiresAt: number | null;
}

/**
 * Turns an answer into what is kept. An absent or zero `expires_in` is "not known" (RFC 6749 §5.1), unless the access token
 * is a JWT that says; a refresh token that was not given anew is the old one (§6).
 *
 * @param now - milliseconds since 1970.
 * @param before - what the connection had; `undefined` on a first authorization.
 */
export function acquiredTokens(
  answer: TokenAnswer,
  now: number,
  asked: readonly string[],
  before?: StoredTokens,
): AcquiredTokens {
  const tokens = {
    access_token: answer.access_token,
    token_type: answer.token_type,
    refresh_token: answer.refresh_token ?? before?.refresh_token,
    id_token: answer.id_token ?? before?.id_token,
    scope: answer.scope ?? before?.scope,
    expires_in: answer.expires_in,
    refresh_token_expires_in: refreshLifetime(answer, before, now),
    obtained_at: now,
    rotates: isRotated(answer, before),
  };
  const known = Object.entries(tokens).filter(([, value]) => value !== undefined);
  const kept = Object.fromEntries(known) as unknown as StoredTokens;
  const { expires_in: lifetime } = answer;
  const expiresAt = lifetime ? now + lifetime * 1000 : jwtExpiry(answer.access_token.reveal());
  return {
    tokens: kept,
    scopes: scopesOf(kept.scope) ?? asked,
    expiresAt: expiresAt === null ? null : Math.floor(expiresAt),
  };
}

function isRotated({ refresh_token }: TokenAnswer, before: StoredTokens | undefined): boolean | undefined {
  if (before?.refresh_token === undefined) return undefined;
  return refresh_token !== undefined && !refresh_token.equals(before.refresh_token);
}

/** Seconds from now; what an old refresh token has left when no new one came. */
function refreshLifetime(answer: TokenAnswer, before: StoredTokens | undefined, now: number): number | undefined {
  if (answer.refresh_token_expires_in !== undefined) return answer.refresh_token_expires_in;
  const { refresh_token_expires_in: old, obtained_at: since } = before ?? {};
  const isOld = answer.refresh_token === undefined || answer.refresh_token.equals(before?.refresh_token);
  return isOld && old !== undefined && since !== undefined ? Math.max(0, old - (now - since) / 1000) : undefined;
}

/** Spaces by the standard, commas at some providers. */
function scopesOf(scope: string | undefined): readonly string[] | undefined {
  return scope === undefined ? undefined : [...new Set(scope.split(/[\s,]+/).filter((one) => one !== ''))];
}

/** `exp` of a JWT access token, read only to know when to ask for another: it is never trusted for anything else. */
function jwtExpiry(token: string): number | null {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return null;
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp?: unknown };
    return typeof exp === 'number' && Number.isFinite(exp) && exp > 0 ? exp * 1000 : null;
  } catch {
    return null;
  }
}

/** The parts of a connection's record that new tokens change; everything that was wrong is over. */
export function tokenPart(
  target: SealingTarget,
  { tokens, scopes, expiresAt }: AcquiredTokens,
  keyRing: KeyRing,
): Pick<ConnectionValue, 'tokens' | 'scopes' | 'expiresAt' | 'failures' | 'retryAt' | 'idleRefreshAt' | 'renewing'> {
  return {
    tokens: keyRing.seal(tokensText(tokens), sealIdentity(target, 'tokens')),
    scopes,
    expiresAt,
    failures: 0,
    retryAt: null,
    idleRefreshAt: idleRefreshAt(tokens),
    renewing: null,
  };
}

const dayMs = 24 * 60 * 60_000;

/** Once a day, so that a refresh token does not die of disuse; at 85 % of its lifetime where that is known and sooner. */
function idleRefreshAt(tokens: StoredTokens): number | null {
  const { refresh_token, refresh_token_expires_in: lifetime, obtained_at: since = 0 } = tokens;
  if (refresh_token === undefined) return null;
  return Math.floor(since + Math.min(dayMs, lifetime === undefined ? dayMs : lifetime * 850));
}

const tokenNames = ['access_token', 'refresh_token', 'id_token'] as const;
type TokenName = (typeof tokenNames)[number];
/** Between seal and secret. */
type OpenedTokens = Omit<StoredTokens, TokenName> & Readonly<Partial<Record<TokenName, string>>>;

function tokensText(tokens: StoredTokens): Secret {
  const opened = tokenNames.map((name) => [name, tokens[name]?.reveal()]);
  return new Secret(JSON.stringify({ ...tokens, ...Object.fromEntries(opened) }));
}

/** @throws GatewayError SEAL_KEY_UNKNOWN, SEAL_BROKEN */
export function openTokens(record: OpenableConnection, keyRing: KeyRing): StoredTokens | undefined {
  const { tokens } = record.value;
  if (tokens === null) return undefined;
  const opened = JSON.parse(keyRing.open(tokens, sealIdentity(sealingTarget(record), 'tokens'))) as OpenedTokens;
  const secrets = tokenNames.flatMap((name) => (opened[name] === undefined ? [] : [[name, new Secret(opened[name])]]));
  return { ...opened, ...Object.fromEntries(secrets) } as StoredTokens;
}

/** The same tokens, though they may be sealed anew. */
export function isSameGrant(one: StoredTokens | undefined, other: StoredTokens | undefined): boolean {
  const isSameRefresh = isSameSecret(one?.refresh_token, other?.refresh_token);
  return isSameRefresh && isSameSecret(one?.access_token, other?.access_token);
}

/** Fields as JSON, to be sealed: what was hidden is in it. */
export function fieldsText(fields: Readonly<Record<string, unknown>>): Secret {
  return new Secret(withFieldsOpen(() => JSON.stringify(fields)));
}

/** What was entered or acquired. @throws GatewayError SEAL_KEY_UNKNOWN, SEAL_BROKEN */
export function openFields(
  record: OpenableConnection,
  part: 'fields' | 'acquired',
  keyRing: KeyRing,
): ConnectionFields {
  const sealed = record.value[part];
  if (sealed === null) return {};
  const opened = keyRing.open(sealed, sealIdentity(sealingTarget(record), part));
  return hideFields(JSON.parse(opened) as Record<string, JsonValue>);
}

/** What a connector's own `acquire` or `refresh` of OAuth 2.0 gave. */
export interface CustomTokens {
  readonly answer: TokenAnswer;
  /** Name of the account at the provider, where the connector says. */
  readonly ownerId: string | undefined;
  /** To be merged into the connection's fields. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/**
 * Reads `tokens` or `[tokens, ownerId, extra]`; `refresh` may also give `[tokens, extra]`.
 *
 * @see https://docs.workato.com/developing-connectors/sdk/sdk-reference/connection/authorization.html
 * @throws GatewayError CONNECTOR_ERROR when there is no access token in it.
 */
export function readCustomTokens(
  given: unknown,
  hook: 'acquire' | 'refresh',
  connector: { name: string; title?: string },
): CustomTokens {
  const parts = Array.isArray(given) ? (given as unknown[]) : [given];
  const [tokens, second, third] = parts;
  const isPair = hook === 'refresh' && isObject(second) && third === undefined;
  const ownerId = isPair ? undefined : second;
  const extra = isPair ? second : third;
  if (!isObject(tokens) || typeof tokens['access_token'] !== 'string' || tokens['access_token'] === '') {
    throw new GatewayError(
      'CONNECTOR_ERROR',
      `${connector.title ?? connector.name}: ${hook} must give { access_token, refresh_token, … } or a list that begins with it; got something without an access_token.`,
      { connector: connector.name },
    );
  }
  const text = (name: string) => (typeof tokens[name] === 'string' && tokens[name] !== '' ? tokens[name] : undefined);
  const secret = (name: string) => secretOf(text(name));
  const answer: TokenAnswer = {
    access_token: new Secret(tokens['access_token']),
    token_type: text('token_type') ?? 'Bearer',
    refresh_token: secret('refresh_token'),
    id_token: secret('id_token'),
    scope: text('scope'),
    expires_in: seconds(tokens['expires_in']),
    refresh_token_expires_in: seconds(tokens['refresh_token_expires_in']),
  };
  return { answer, ownerId: nameOf(ownerId), extra: isObject(extra) ? extra : {} };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

function seconds(value: unknown): number | undefined {
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) && count >= 0 ? count : undefined;
}
