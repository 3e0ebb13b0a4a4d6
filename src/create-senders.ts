/** The outbound clients of a gateway: one for the providers' data, one for their authorization servers. */
import { tokenSenderOptions } from './connection/client-fetch.ts';
import type { SharedRateLimits } from './connection/shared-rate-limits.ts';
import type { Configuration } from './configuration.ts';
import { shareReads } from './connector/share-reads.ts';
import { createRateBudgets } from './http/rate-budget.ts';
import { createSender, type Sender, type SenderOptions } from './http/send.ts';
import { privateOrigins } from './import-connectors.ts';
import { withoutAbsent } from './without-absent.ts';

export interface SendersForTests {
  /** What the configuration does not say about the outbound client. */
  readonly sender?: SenderOptions;
  /** Stands around the outbound client, e.g. a cassette (`plugboard/testing`). */
  readonly outbound?: (sender: Sender) => Sender;
}

/** Authorization servers are asked in another way: their answers are small and soon there, and no rate limit is learned of them. */
export function createSenders(
  configuration: Configuration,
  { sender: forTests, outbound = (sender) => sender }: SendersForTests,
  { publish }: Pick<SharedRateLimits, 'publish'>,
) {
  const { allowHttp, totalTimeoutMs, maxAnswerBytes, shareReads: isSharing = true } = configuration.http ?? {};
  const addresses = withoutAbsent({ allowedPrivateOrigins: privateOrigins(configuration), allowHttp });
  const rateBudgets = createRateBudgets({ onClosed: publish });
  const { transferMs: transferTimeoutMs } = configuration.files ?? {};
  const limits = withoutAbsent({ totalTimeoutMs, maxAnswerBytes, transferTimeoutMs });
  const sender = outbound(createSender({ ...addresses, ...limits, rateBudgets, ...forTests }));
  return {
    rateBudgets,
    sender: isSharing ? shareReads(sender) : sender,
    tokenSender: outbound(createSender({ ...addresses, ...forTests, ...tokenSenderOptions })),
  };
}
