/** API keys of tenants: shown once, kept as a hash, and revoked for all replicas at once. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { CallerError, InputError } from '../errors.ts';
import type { Records, RecordValue, StoredRecord } from '../storage/records.ts';
import { checkScopes } from './scopes.ts';

/** A key without its secret: all of it may be shown. */
export interface ApiKey {
  /** Public part of the key, and its client id at `/oauth2/token`. */
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** How the key begins, so that people find it again: `pb_<id>`. */
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

/** A key as it is shown once, to the person who made it. */
export interface NewApiKey extends ApiKey {
  /** `pb_<id>_<secret>`: the bearer token. */
  readonly text: string;
  /** The client secret at `/oauth2/token`. */
  readonly secret: string;
}

export interface ApiKeys {
  /**
   * Makes a key. A tenant may have two live keys of one name: the new one replaces the old without a gap.
   *
   * @throws InputError INPUT_INVALID, SCOPE_UNKNOWN; CallerError API_KEY_LIMIT.
   */
  readonly create: (
    key: Pick<ApiKey, 'tenant' | 'name'> & { readonly scopes: readonly string[] },
  ) => Promise<NewApiKey>;
  /** All keys of a tenant, the revoked ones too, oldest first. */
  readonly list: (tenant: string) => Promise<readonly ApiKey[]>;
  /** Revokes a key; one that was revoked stays as it is. @throws CallerError API_KEY_NOT_FOUND, for foreign keys too. */
  readonly revoke: (tenant: string, id: string) => Promise<ApiKey>;
  /** The live key of that text; unknown, revoked and wrong give `undefined` alike, and take the same time. */
  readonly verify: (text: string) => Promise<ApiKey | undefined>;
  /** The same, for who sends id and secret apart. */
  readonly verifySecret: (id: string, secret: string) => Promise<ApiKey | undefined>;
  /** The key while it lives, for tokens that were issued for it. */
  readonly findLive: (id: string) => Promise<ApiKey | undefined>;
}

interface ApiKeyValue extends RecordValue {
  readonly tenant: string;
  readonly name: string;
  /** SHA-256 of the secret. The secret is random, so that nothing slower is needed. */
  readonly hash: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly revokedAt: number | null;
}

/** Kind of the record. */
export const apiKeyKind = 'api_key';

const keyPattern = /^pb_([0-9a-f]{20})_([A-Za-z0-9_-]{43})$/;
const idPattern = /^[0-9a-f]{20}$/;
const secretBytes = 32;

/** Whether a bearer token claims to be an API key. */
export function isApiKeyText(token: string): boolean {
  return token.startsWith('pb_');
}

/** @param now - milliseconds since 1970. */
export function createApiKeys(records: Records, now: () => number = Date.now): ApiKeys {
  const verifySecret = async (id: string, secret: string): Promise<ApiKey | undefined> => {
    const record = idPattern.test(id) ? await records.get(apiKeyKind, id) : undefined;
    const value = record?.value as ApiKeyValue | undefined;
    // Compared also where there is no such key, so that time does not tell which ids exist.
    const isRight = isSame(hashOf(secret), value?.hash ?? nobodysHash);
    return record && isRight && value?.revokedAt === null ? toApiKey(record) : undefined;
  };
  return {
    verifySecret,
    async verify(text) {
      const [, id, secret] = keyPattern.exec(text) ?? [];
      return id === undefined || secret === undefined ? undefined : verifySecret(id, secret);
    },
    async findLive(id) {
      const record = await records.get(apiKeyKind, id);
      return record && (record.value as ApiKeyValue).revokedAt === null ? toApiKey(record) : undefined;
    },
    async create({ tenant, name, scopes }) {
      checkName('tenant', tenant);
      checkName('name', name);
      return createKey(records, { tenant, name, scopes: checkScopes(scopes) });
    },
    list: async (tenant) => (await listAll(records, tenant)).toSorted((a, b) => a.createdAt - b.createdAt),
    revoke: (tenant, id) => revokeKey(records, tenant, id, now()),
  };
}

type Wanted = Pick<ApiKey, 'tenant' | 'name' | 'scopes'>;

/** The two places that the live keys of one name can take: the store gives each to one of them only. */
const places = [1, 2] as const;

async function createKey(records: Records, { tenant, name, scopes }: Wanted): Promise<NewApiKey> {
  const id = randomBytes(10).toString('hex');
  const secret = randomBytes(secretBytes).toString('base64url');
  const prefix = `pb_${id}`;
  const value: ApiKeyValue = { tenant, name, hash: hashOf(secret), prefix, scopes, revokedAt: null };
  for (const place of places) {
    const uniqueKey = JSON.stringify([tenant, name, place]);
    const record = await records.create(apiKeyKind, id, value, { indexes: { tenant }, uniqueKey });
    if (record) return { ...toApiKey(record), text: `${prefix}_${secret}`, secret };
  }
  const message = `Tenant ${JSON.stringify(tenant)} has two live API keys called ${JSON.stringify(name)}. Revoke one of them, or choose another name.`;
  throw new CallerError('API_KEY_LIMIT', message);
}

async function listAll(records: Records, tenant: string): Promise<ApiKey[]> {
  const limit = 1_000;
  const keys: ApiKey[] = [];
  for (let after: string | undefined; ; after = keys.at(-1)?.id) {
    const page = await records.list(apiKeyKind, { tenant }, { limit, ...(after !== undefined && { after }) });
    keys.push(...page.map(toApiKey));
    if (page.length < limit) return keys;
  }
}

async function revokeKey(records: Records, tenant: string, id: string, revokedAt: number): Promise<ApiKey> {
  for (;;) {
    const record = idPattern.test(id) ? await records.get(apiKeyKind, id) : undefined;
    const value = record?.value as ApiKeyValue | undefined;
    if (!record || value?.tenant !== tenant) {
      const message = `Tenant ${JSON.stringify(tenant)} has no API key of that id. \`plugboard keys list\` shows those that it has.`;
      throw new CallerError('API_KEY_NOT_FOUND', message);
    }
    if (value.revokedAt !== null) return toApiKey(record);
    // Its place is free for a new key of the same name.
    const revoked = { ...value, revokedAt };
    const written = await records.compareAndSet(apiKeyKind, id, record.version, revoked, { uniqueKey: null });
    if (written) return toApiKey(written);
  }
}

function toApiKey(record: StoredRecord): ApiKey {
  const { tenant, name, prefix, scopes, revokedAt } = record.value as ApiKeyValue;
  return { id: record.id, tenant, name, prefix, scopes, createdAt: record.createdAt, revokedAt };
}

function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

const nobodysHash = hashOf('');

function isSame(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  return first.length === second.length && timingSafeEqual(first, second);
}

/** What names tenants and keys; it is shown in lists and logs. */
function checkName(what: string, name: string): void {
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,98}[\x21-\x7e])?$/.test(name)) return;
  const message = `The ${what} of an API key must be 1 to 100 printable ASCII characters without space at its ends; got ${name.length === 0 ? 'nothing' : 'something else'}.`;
  throw new InputError('INPUT_INVALID', message);
}
