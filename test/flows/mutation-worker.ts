/** A gateway with a shop that writes, in a process of its own, to be killed at any moment. */
import { createGateway } from '../../src/gateway.ts';
import { writingShop } from '../support/writing-shop.ts';

const calls: Record<string, (...given: never[]) => Promise<unknown>> = {
  async open(origin: string, store: string, key: string) {
    const gateway = await createGateway({
      connectors: [writingShop(origin)],
      environment: {},
      configuration: {
        insecureDev: true,
        explorer: false,
        logLevel: 'silent',
        store,
        key,
        port: 0,
        idempotency: { takeoverMs: 500 },
        http: { allowedPrivateOrigins: [origin] },
      },
    });
    return (await gateway.listen()).url;
  },
};

process.on('message', ({ call, name, given }: { call: number; name: string; given: never[] }) => {
  calls[name]!(...given).then(
    (result) => process.send!({ call, result }),
    (error: unknown) => process.send!({ call, error: String(error) }),
  );
});
