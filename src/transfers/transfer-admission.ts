/** Bounds the contents that pass at a time: each holds two connections and some hundred KiB. */
import { GatewayError } from '../errors.ts';
import type { FileLimits } from './file-limits.ts';

/** Lets one in and gives what to call when it has passed. @throws GatewayError TRANSFER_LIMIT */
export type Admit = (tenant: string) => () => void;

export function createTransferAdmission({
  maxPerTenant,
  maxInAll,
}: Pick<FileLimits, 'maxPerTenant' | 'maxInAll'>): Admit {
  const underWay = new Map<string, number>();
  let all = 0;
  return (tenant) => {
    const own = underWay.get(tenant) ?? 0;
    if (own >= maxPerTenant) throw tooMany(`More than ${maxPerTenant} contents of this application`);
    if (all >= maxInAll) throw tooMany(`More than ${maxInAll} contents`);
    all += 1;
    underWay.set(tenant, own + 1);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      all -= 1;
      const left = underWay.get(tenant)! - 1;
      if (left === 0) underWay.delete(tenant);
      else underWay.set(tenant, left);
    };
  };
}

function tooMany(what: string): GatewayError {
  const message = `${what} pass through this gateway at the moment. The URL can still be used: ask again in a moment.`;
  return new GatewayError('TRANSFER_LIMIT', message, { retryAfterMs: 1_000 });
}
