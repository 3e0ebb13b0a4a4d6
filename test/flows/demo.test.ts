import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { demoQuery, startDemo } from '../../src/cli/demo.ts';
import type { Serving } from '../../src/cli/serving.ts';
import { createTerminal } from '../../src/cli/terminal.ts';

describe('the demo', () => {
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text) };
  let serving: Serving;
  beforeAll(async () => {
    serving = await startDemo({ port: 0, logLevel: 'silent' }, createTerminal(output, output), {
      importSource: (file) => import(file),
    });
  });
  afterAll(() => serving.close());

  it('answers the query that GraphiQL shows at first', async () => {
    const response = await fetch(`${serving.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: demoQuery }),
    });
    const { data, errors } = (await response.json()) as { data: any; errors?: unknown };
    expect(errors).toBeUndefined();
    expect(data.myAppOrders.nodes.map((order: any) => order.customer.name)).toEqual([
      'Ada Abbott',
      'Yuki Zhang',
      'Tara Zhang',
    ]);
    expect(data.myAppOrders.pageInfo).toEqual({ hasNextPage: true, endCursor: expect.any(String) });
  });

  it('says where it is', () => {
    expect(written.join('')).toContain(`Plugboard serves the sample connectors at ${serving.url}/graphql\n`);
  });
});
