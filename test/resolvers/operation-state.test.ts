import { describe, expect, it } from '@jest/globals';
import type { Connections } from '../../src/connection/connections.ts';
import type { Connector } from '../../src/connector/definition.ts';
import { InputError } from '../../src/errors.ts';
import { createOperationState } from '../../src/resolvers/operation-state.ts';
import type { OperationContext } from '../../src/resolvers/operation-context.ts';

const shop: Connector = { name: 'shop', title: 'Shop' };

describe('opening a connection', () => {
  it('ends with the operation, each connector with an error of its own', async () => {
    const controller = new AbortController();
    const connections = { open: () => new Promise(() => {}) } as unknown as Connections;
    const context = { caller: {}, signal: controller.signal } as unknown as OperationContext;
    const state = createOperationState(context, connections, () => undefined);
    const opening = [state.open(shop), state.open({ name: 'crm' })];
    const reason = new InputError('OPERATION_TIMEOUT', 'The operation took too long.');
    controller.abort(reason);
    const errors = await Promise.all(opening.map((each) => each.catch((error: unknown) => error)));
    expect(errors).toMatchObject([
      {
        message: 'Shop: its connection was not ready. The operation took too long.',
        extensions: { code: 'OPERATION_TIMEOUT', connector: 'shop' },
      },
      { extensions: { code: 'OPERATION_TIMEOUT', connector: 'crm' } },
    ]);
    expect(reason.details).toEqual({});
  });
});
