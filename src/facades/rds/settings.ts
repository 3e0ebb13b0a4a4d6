/** What an operator may choose of the facade of Sciebo RDS. */
import type { RdsPort } from '../../importers/rds/rds-connector.ts';

export interface RdsSettings {
  /** Whose services, users and tokens they are: whoever knows the address acts for this tenant. */
  readonly tenant: string;
  /**
   * Last part of the address, `/rds/<secret>`: the only thing that RDS' clients prove themselves by. At least 32 letters,
   * digits, `-` and `_`; `{ env: 'NAME' }` takes it from the environment. Without one it is plainly `/rds`, which only
   * `insecureDev` allows.
   */
  readonly secret?: string | { readonly env: string };
  /** Answers access tokens; client secrets and refresh tokens never. Default `false`: they are empty texts. */
  readonly releaseTokens?: boolean;
  /** `redirect_uri` of its token requests. Default `<baseUrl>/port-service/redirect`. */
  readonly redirectUri?: string;
  /** Services whose address is known here, by the name with which they register: they become connectors. */
  readonly ports?: Readonly<Record<string, RdsPortSettings>>;
}

/** A port of RDS: a service that serves `/storage` or `/metadata`, or both, below its URL. */
export interface RdsPortSettings extends RdsPort {
  /** Its origin may lie at an address that is not public. Default `false`. */
  readonly allowPrivateAddress?: boolean;
}
