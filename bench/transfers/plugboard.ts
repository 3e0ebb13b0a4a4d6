/** Plugboard with the ownCloud connector, which tells how much larger it grows while contents pass. */
import owncloud from '../../connectors/owncloud/connector.ts';
import { createGateway } from '../../src/gateway.ts';
import { answerParent } from '../child.ts';

const origin = process.argv[2]!;
const gateway = await createGateway({
  connectors: [owncloud],
  environment: {},
  configuration: {
    port: 0,
    logLevel: 'error',
    insecureDev: true,
    registrations: [{ connector: 'owncloud', fields: { server: origin, client_id: 'bench', client_secret: 'bench' } }],
    connections: [{ connector: 'owncloud', fields: { user: 'ada', app_password: 'bench' } }],
    http: { allowedPrivateOrigins: [origin] },
  },
});
const { url } = await gateway.listen();

let before = 0;
let most = 0;
const look = (): number => (most = Math.max(most, process.memoryUsage.rss()));
setInterval(look, 5).unref();
answerParent(
  { url },
  {
    begin: () => {
      before = process.memoryUsage.rss();
      most = before;
    },
    growth: () => look() - before,
  },
);
