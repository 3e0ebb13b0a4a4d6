import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { demoQuery, startDemo } from '../../src/cli/demo.ts';
import type { Serving } from '../../src/cli/serving.ts';
import { createTerminal } from '../../src/cli/terminal.ts';

const silent = { write: () => true };

describe('the demo', () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await startDemo({ port: 0, logLevel: 'debug' }, createTerminal(silent, silent), {
      importSource: (file) => import(file),
    });
  });
  afterAll(() => serving.close());

  async function ask(query: string, variables?: unknown): Promise<any> {
    const response = await fetch(`${serving.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  }

  it('joins orders to their customers', async () => {
    const { data, errors } = await ask(demoQuery);
    expect(errors).toBeUndefined();
    console.log(JSON.stringify(data));
    expect(data.myAppOrders.nodes).toHaveLength(3);
  });
});
