/** What all routes of the facade work with: the rooms below, for the one tenant that it is bound to. */
import type { Caller } from '../../connection/caller.ts';
import { everyScope } from '../../connection/scopes.ts';
import type { FacadeRooms, ServedRooms } from '../facade.ts';

export interface RdsDesk {
  readonly tenant: string;
  readonly releaseTokens: boolean;
  /** `redirect_uri` of its token requests. */
  readonly redirectUri: () => string;
  readonly served: () => ServedRooms;
  readonly baseUrl: FacadeRooms['baseUrl'];
  readonly contents: FacadeRooms['contents'];
}

/** A user of RDS is a subject; whoever knows the address may do everything for it, as in RDS. */
export function callerFor({ tenant }: Pick<RdsDesk, 'tenant'>, user: string): Caller & { readonly subject: string } {
  return { tenant, subject: user, scopes: everyScope };
}
