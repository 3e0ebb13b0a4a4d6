import { describe, expect, it } from '@jest/globals';
import { feedingGraph } from '../support/feeding-graph.ts';
import { runServer } from '../support/running-server.ts';
import { connectSocket, subscribeMessage } from '../support/socket-client.ts';

describe('GraphQL over WebSocket', () => {
  it('sends each event of a subscription, then complete', async () => {
    const graph = feedingGraph();
    const { url } = await runServer(graph);
    const client = await connectSocket(url);
    client.send(subscribeMessage('a'));
    const fed = await graph.started(1);
    fed.send('one', 'c1');
    fed.send('two', 'c2');
    expect(await client.next()).toEqual({
      id: 'a',
      type: 'next',
      payload: { data: { renamed: 'one' }, extensions: { cursor: 'c1' } },
    });
    expect((await client.next()).payload.data).toEqual({ renamed: 'two' });
    fed.sink.end();
    expect(await client.next()).toEqual({ id: 'a', type: 'complete' });
  });
});
