/** Who asks: the application, the end user for whom it asks, and what it may do. */
import { everyScope, type Scopes } from './scopes.ts';

export interface Caller {
  readonly tenant: string;
  /** `undefined`: no end user was named, and only connections that belong to the tenant can be used. */
  readonly subject: string | undefined;
  readonly scopes: Scopes;
  /** When the credentials end, in milliseconds since 1970; absent: they end when they are revoked. */
  readonly expiresAt?: number;
}

/** The tenant of an installation that has but one, and of callers whom nobody asked who they are. */
export const localTenant = 'local';

/** Whoever reaches a gateway that asks nobody for credentials. It may do everything. */
export const insecureCaller: Caller & { readonly subject: string } = Object.freeze({
  tenant: localTenant,
  subject: 'local',
  scopes: everyScope,
});
