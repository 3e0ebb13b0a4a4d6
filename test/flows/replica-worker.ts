/** One of several gateways of a tenant whose users connect by OAuth 2.0, in a process of its own. */
import { createGateway } from '../../src/gateway.ts';

const calls: Record<string, (...given: never[]) => Promise<unknown>> = {
  async open(server: { issuer: string; apiUrl: string }, configuration: object) {
    const gateway = await createGateway({
      connectors: [
        {
          name: 'items',
          connection: {
            baseUri: `${server.apiUrl}/`,
            authorization: {
              type: 'oauth2',
              issuer: server.issuer,
              scopes: ['openid', 'offline_access', 'items:read'],
            },
          },
          test: (connection) => connection.get('me'),
          actions: {
            list_items: {
              readOnly: true,
              list: true,
              output: [{ name: 'owner' }],
              execute: async (connection) => (await connection.get('items')).items,
            },
          },
        },
      ],
      environment: {},
      configuration: {
        explorer: false,
        logLevel: 'silent',
        http: { allowedPrivateOrigins: [new URL(server.issuer).origin, new URL(server.apiUrl).origin] },
        ...configuration,
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
