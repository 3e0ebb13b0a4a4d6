/** What a service posts to register, judged as RDS' own library judges it (`RDS/Service.py`). */
import type { Endpoints } from '../../connection/registration.ts';
import { isPlainObject } from '../../connector/check-keys.ts';
import { openEnvelope } from './envelope.ts';
import { raised, type RdsRefusal } from './failure.ts';

export interface PostedService {
  /** In small letters. */
  readonly servicename: string;
  /** For the registration (`importers/rds/rds-connector`). */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly endpoints: Endpoints;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * Reads the flat object that `register_service` sends, or an envelope. What names any part of OAuth 2.0 is a service with
 * OAuth 2.0, and has to have all of it.
 *
 * @throws RdsRefusal 500 `Exception`, as RDS does for what it cannot read.
 */
export function readService(body: unknown): PostedService {
  const opened = openEnvelope(body, 'Service');
  if (!opened) throw unreadable('expected a JSON object');
  const { data, isWrapped } = opened;
  const oauth = ['authorize_url', 'refresh_url', 'client_id'].some((name) => given(data, name) !== undefined)
    ? readOAuth(data)
    : undefined;
  const fields = {
    implements: JSON.stringify(readImplements(data['implements'] ?? (isWrapped ? undefined : ['metadata']))),
    fileTransferMode: readChoice(data, 'fileTransferMode', 2),
    fileTransferArchive: readChoice(data, 'fileTransferArchive', 1),
    description: JSON.stringify(given(data, 'description') ?? { en: '' }),
    icon: readIcon(data),
    infoUrl: quoted(readText(data, 'infoUrl')),
    helpUrl: quoted(readText(data, 'helpUrl')),
    displayName: readText(data, 'displayName'),
    metadataProfile: readProfile(data),
    projectLinkTemplate: readText(data, 'projectLinkTemplate'),
    ...(oauth ? oauth.client : { credentials: JSON.stringify(readCredentials(data['credentials'])) }),
  };
  return {
    servicename: readName(data['servicename']),
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    endpoints: oauth?.endpoints ?? {},
  };
}

/** The name of a service, however it is written: an envelope, an object or the name itself. */
export function readServiceName(value: unknown): string | undefined {
  const name = openEnvelope(value, 'Service')?.data['servicename'] ?? value;
  return typeof name === 'string' && name !== '' ? name.toLowerCase() : undefined;
}

function unreadable(expected: string): RdsRefusal {
  return raised('Exception', `This is no service: ${expected}.`);
}

/** `null` counts as absent, as `None` does. */
function given(data: Values, name: string): unknown {
  return data[name] ?? undefined;
}

function readName(name: unknown): string {
  if (typeof name === 'string' && name !== '') return name.toLowerCase();
  throw unreadable('servicename: expected a text that is not empty');
}

function readImplements(value: unknown): readonly unknown[] {
  const isKnown = (one: unknown) => one === 'fileStorage' || one === 'metadata';
  if (Array.isArray(value) && value.length > 0 && value.length <= 2 && value.every(isKnown)) return value;
  throw unreadable('implements: expected a list of one or two of "fileStorage" and "metadata"');
}

function readChoice(data: Values, name: string, most: number): number | undefined {
  const value = given(data, name);
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw unreadable(`${name}: expected a whole number from 0 to ${most}`);
}

function readText(data: Values, name: string): string | undefined {
  const value = given(data, name);
  if (value === undefined || typeof value === 'string') return value;
  throw unreadable(`${name}: expected a text`);
}

function readIcon(data: Values): string | undefined {
  const icon = readText(data, 'icon') || undefined;
  if (icon === undefined || icon.startsWith('data:')) return icon;
  // RDS also takes a path of its own disk: there is none here that anybody else may read.
  throw unreadable('icon: expected a data: URI');
}

/** One that is not base64 is dropped rather than refused, as RDS does. */
function readProfile(data: Values): string | undefined {
  const profile = readText(data, 'metadataProfile');
  return profile && /^[A-Za-z0-9+/]+={0,2}$/.test(profile) && profile.length % 4 === 0 ? profile : undefined;
}

function readCredentials(value: unknown): { readonly userId: boolean; readonly password: boolean } {
  const { userId = true, password = true } = isPlainObject(value) ? value : {};
  return { userId: Boolean(userId), password: Boolean(password) };
}

function readOAuth(data: Values) {
  const [clientId, secret] = ['client_id', 'client_secret'].map((name) => {
    const value = readText(data, name);
    if (value) return value;
    throw unreadable(`${name}: expected a text that is not empty`);
  });
  return {
    client: { client_id: clientId, client_secret: secret },
    endpoints: { authorizationUrl: readUrl(data, 'authorize_url'), tokenUrl: readUrl(data, 'refresh_url') },
  };
}

/** Without the last slash of its path, which RDS takes away. */
function readUrl(data: Values, name: string): string {
  const url = readText(data, name) ?? '';
  const [, start, path = '', rest = ''] = /^(https?:\/\/[^/?#]+)([^?#]*)(.*)$/is.exec(url) ?? [];
  if (start !== undefined && URL.canParse(url)) return start + path.replace(/\/$/, '') + rest;
  throw unreadable(`${name}: expected an absolute http or https URL`);
}

/** What is quoted already stays so; everything else is quoted, a space as `+`. */
function quoted(url: string | undefined): string | undefined {
  if (url === undefined || unquoted(url) !== url) return url;
  return encodeURIComponent(url)
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function unquoted(url: string): string {
  try {
    return decodeURIComponent(url.replaceAll('+', ' '));
  } catch {
    return url;
  }
}
