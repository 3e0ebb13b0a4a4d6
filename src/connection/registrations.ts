/** The registrations of all tenants: those they made themselves, else those of the operator; one per tenant and connector. */
import { randomUUID } from 'node:crypto';
import type { Connector } from '../connector/definition.ts';
import { InputError } from '../errors.ts';
import { hideFields } from '../http/hidden-fields.ts';
import { isSecretField } from '../notation/secret-field.ts';
import type { Change, RecordValue, Records, StoredRecord } from '../storage/records.ts';
import { checkEndpoints, checkFields, checkTenantEndpoints } from './check-registration.ts';
import {
  anyTenant,
  readConfiguredRegistrations,
  type ConfiguredRegistrationsOptions,
} from './configured-registrations.ts';
import { rememberBriefly } from './recent.ts';
import { registrationNotation, type Endpoints, type Registration } from './registration.ts';
import type { KeyRing } from './seal.ts';

/** What `registerConnector` gives. */
export interface RegistrationInput {
  readonly fields?: Readonly<Record<string, unknown>> | null;
  readonly scopes?: readonly string[] | null;
  readonly endpoints?: Endpoints | null;
  /** Where browsers are sent at the end when `connect` names nothing else; one of the allowed return URLs, exactly. */
  readonly returnUrl?: string | null;
}

export interface Registrations {
  /** The registration of a tenant for a connector: stored, else configured; `undefined` when there is neither. */
  readonly find: (tenant: string, connector: Connector) => Promise<Registration | undefined>;
  /** The operator's alone, whatever the tenant has registered: what the operator's own credentials may go by. */
  readonly ofOperator: (tenant: string, connector: Connector) => Registration | undefined;
  readonly list: (tenant: string) => Promise<readonly Registration[]>;
  /**
   * Stores it, or replaces the one that is stored.
   *
   * @throws InputError when a field is unknown, absent though required, or an endpoint is no URL; ENDPOINT_REFUSED;
   *   RETURN_URL_REFUSED; REGISTRATION_CONFIGURED when the operator made one for this tenant.
   */
  readonly register: (tenant: string, connector: Connector, input: RegistrationInput) => Promise<Registration>;
  /** The same, but it replaces nothing: of any number at the same instant one is kept. @returns `undefined` when there is one. */
  readonly create: (
    tenant: string,
    connector: Connector,
    input: RegistrationInput,
  ) => Promise<Registration | undefined>;
  /** @returns whether there was a stored one. */
  readonly remove: (tenant: string, connector: Connector) => Promise<boolean>;
  /**
   * Removes it unless it is used.
   *
   * @param isUsed - asked as often as something was made with `holding` meanwhile, so that nothing is made with what is gone.
   */
  readonly removeUnused: (
    tenant: string,
    connector: Connector,
    isUsed: () => Promise<boolean>,
  ) => Promise<'removed' | 'used' | 'absent'>;
  /**
   * A change for the transaction that makes something which needs the stored registration: it fails when that is removed
   * or changed meanwhile. `undefined`: none is stored.
   */
  readonly holding: (tenant: string, connector: Connector) => Promise<Change | undefined>;
}

interface RegistrationValue extends RecordValue {
  readonly tenant: string;
  readonly connector: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  /** Sealed JSON of the secret fields. */
  readonly secrets: string;
  readonly scopes: readonly string[] | null;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly returnUrl?: string;
}

export const registrationKind = 'registration';

export interface RegistrationsOptions extends ConfiguredRegistrationsOptions {
  readonly records: Records;
  readonly keyRing: KeyRing;
  /** Exactly these may be returned to. Default none. */
  readonly returnUrls?: readonly string[];
}

/** @throws DefinitionError when a configured registration is not as its connector wants it, all faults at once. */
export function createRegistrations(options: RegistrationsOptions): Registrations {
  const { records, keyRing, connectors, returnUrls = [] } = options;
  const configured = readConfiguredRegistrations(options);
  const ofOperator = (tenant: string, connector: string) =>
    configured.find((one) => one.connector === connector && one.tenant === tenant) ??
    configured.find((one) => one.connector === connector && one.tenant === anyTenant);
  const stored = async (tenant: string, connector: string) =>
    // The index only finds; whose it is the value says, which its secrets are bound to.
    (await records.list(registrationKind, { tenant, connector })).find(
      ({ value }) => value['tenant'] === tenant && value['connector'] === connector,
    ) as StoredRecord<RegistrationValue> | undefined;
  const open = (record: StoredRecord<RegistrationValue>): Registration => {
    const { tenant, connector, fields, secrets, scopes, endpoints, returnUrl } = record.value;
    const opened = JSON.parse(keyRing.open(secrets, registrationSealIdentity(record.id, record.value))) as Record<
      string,
      unknown
    >;
    return {
      id: record.id,
      tenant,
      connector,
      fields: hideFields({ ...fields, ...opened }),
      scopes: scopes ?? undefined,
      endpoints,
      returnUrl,
      createdAt: record.createdAt,
    };
  };
  /** What was given, judged. @throws as `register` */
  const judge = (tenant: string, connector: Connector, input: RegistrationInput): Judged => {
    if (ofOperator(tenant, connector.name)) throw configuredByOperator(connector);
    const fields = checkFields(connector, input.fields ?? {}, 'fields');
    const endpoints = checkEndpoints(input.endpoints ?? {});
    checkTenantEndpoints(connector, endpoints, fields);
    const returnUrl = input.returnUrl ?? undefined;
    if (returnUrl !== undefined && !returnUrls.includes(returnUrl)) throw refusedReturnUrl();
    return { tenant, connector, fields, endpoints, scopes: input.scopes ?? null, ...(returnUrl && { returnUrl }) };
  };
  const write = async (judged: Judged, found: StoredRecord<RegistrationValue> | undefined) => {
    const { tenant, connector } = judged;
    const id = found?.id ?? randomUUID();
    const value = toValue(id, judged, keyRing);
    const indexes = { tenant, connector: connector.name };
    const uniqueKey = JSON.stringify([tenant, connector.name]);
    const written = found
      ? await records.compareAndSet(registrationKind, id, found.version, value)
      : await records.create(registrationKind, id, value, { indexes, uniqueKey });
    recent.forget();
    return written && open(written as StoredRecord<RegistrationValue>);
  };
  const recent = rememberBriefly<Registration | undefined>();
  return {
    find: (tenant, connector) =>
      recent.get(JSON.stringify([tenant, connector.name]), async () => {
        const record = await stored(tenant, connector.name);
        if (record) return open(record);
        const found = ofOperator(tenant, connector.name);
        return found && { ...found, tenant };
      }),
    ofOperator: (tenant, { name }) => ofOperator(tenant, name),
    async list(tenant) {
      const found = await records.list(registrationKind, { tenant }, { limit: 1000 });
      const own = found.filter(({ value }) => value['tenant'] === tenant) as StoredRecord<RegistrationValue>[];
      const named = new Set(own.map((record) => record.value.connector));
      const others = connectors.flatMap(({ name }) => (named.has(name) ? [] : [ofOperator(tenant, name)]));
      return [...own.map(open), ...others.flatMap((one) => (one ? [{ ...one, tenant }] : []))].sort((a, b) =>
        a.connector < b.connector ? -1 : 1,
      );
    },
    async register(tenant, connector, input) {
      const judged = judge(tenant, connector, input);
      // Two replicas may register at once: whoever comes second replaces what the first wrote.
      for (;;) {
        const written = await write(judged, await stored(tenant, connector.name));
        if (written) return written;
      }
    },
    create: async (tenant, connector, input) => write(judge(tenant, connector, input), undefined),
    async remove(tenant, connector) {
      const found = await stored(tenant, connector.name);
      const isRemoved = found ? await records.remove(registrationKind, found.id) : false;
      recent.forget();
      return isRemoved;
    },
    async removeUnused(tenant, connector, isUsed) {
      for (;;) {
        const found = await stored(tenant, connector.name);
        if (!found) return 'absent';
        if (await isUsed()) return 'used';
        const isRemoved = await records.remove(registrationKind, found.id, found.version);
        recent.forget();
        if (isRemoved) return 'removed';
      }
    },
    async holding(tenant, connector) {
      const found = await stored(tenant, connector.name);
      // Written as it is: the version alone changes, which `removeUnused` and any other holder go by.
      return (
        found && {
          change: 'compareAndSet',
          kind: registrationKind,
          id: found.id,
          version: found.version,
          value: found.value,
        }
      );
    },
  };
}

function configuredByOperator({ name }: Connector): InputError {
  const message = `${name}: the operator configured the registration of this connector, so it cannot be made here. Ask the operator to change it, or to take it away.`;
  return new InputError('REGISTRATION_CONFIGURED', message, { connector: name });
}

/** What the secrets of a registration are bound to. */
export function registrationSealIdentity(
  id: string,
  { tenant, connector }: Pick<RegistrationValue, 'tenant' | 'connector'>,
): readonly string[] {
  return [registrationKind, tenant, connector, id, 'secrets'];
}

interface Judged {
  readonly tenant: string;
  readonly connector: Connector;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly scopes: readonly string[] | null;
  readonly endpoints: Endpoints;
  readonly returnUrl?: string;
}

function toValue(id: string, { connector, fields, tenant, ...others }: Judged, keyRing: KeyRing): RegistrationValue {
  const isSecret = new Set(
    registrationNotation(connector)
      .filter(isSecretField)
      .map(({ name }) => name),
  );
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  const clear = entries.filter(([name]) => !isSecret.has(name)) as [string, string][];
  const secrets = JSON.stringify(Object.fromEntries(entries.filter(([name]) => isSecret.has(name))));
  return {
    tenant,
    connector: connector.name,
    fields: Object.fromEntries(clear),
    secrets: keyRing.seal(secrets, registrationSealIdentity(id, { tenant, connector: connector.name })),
    ...others,
    endpoints: { ...others.endpoints },
  };
}

function refusedReturnUrl(): InputError {
  const message =
    'returnUrl: expected exactly one of the allowed return URLs (`returnUrls` in the configuration); got another.';
  return new InputError('RETURN_URL_REFUSED', message);
}
