/** Subscriptions of a supergraph: one subgraph tells of events, and what others know is added to each. */
import { getOperationAST, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import { GatewayError } from '../errors.ts';
import { failed } from '../resolvers/event-operation.ts';
import type { Operation, OperationContext } from '../resolvers/operation-context.ts';
import type {
  AcceptedSubscription,
  EventSink,
  SubscribeResult,
  SubscriptionOptions,
} from '../resolvers/subscription.ts';
import { completeAnswer } from './complete-answer.ts';
import { isData } from './entity-places.ts';
import { executePlan, Gathered, located, type PlanExecution } from './execute-plan.ts';
import { createParseOnce } from './local-subgraph.ts';
import type { FetchNode, PlanNode, PlanOf } from './plan.ts';
import type { ReachSubgraph } from './reach-subgraph.ts';

export interface FederatedSubscribeOptions {
  readonly schema: GraphQLSchema;
  readonly reach: (name: string) => ReachSubgraph;
  readonly planOf: PlanOf;
  readonly runOf: (operation: Operation, variables: Readonly<Record<string, unknown>>) => PlanExecution;
}

type Subscribe = (operation: Operation, options: SubscriptionOptions) => Promise<SubscribeResult>;

/** Makes what subscribes; it never rejects. */
export function createFederatedSubscribe(options: FederatedSubscribeOptions): Subscribe {
  const parseOnce = createParseOnce();
  const subscribe: Subscribe = async (operation, settings) => {
    const { document, operationName } = operation;
    const definition = getOperationAST(document, operationName);
    if (!definition) throw new GatewayError('INTERNAL_ERROR', 'A validated document has no such operation.');
    const coerced = getVariableValues(options.schema, definition.variableDefinitions ?? [], operation.variables ?? {});
    if (coerced.errors) return { kind: 'refused', result: settings.finish({ errors: coerced.errors }) };
    const { primary, rest } = partsOf(await options.planOf(document, definition));
    const used = (primary.variableUsages ?? []).filter((name) => Object.hasOwn(coerced.coerced, name));
    const told = await options.reach(primary.serviceName).subscribe(
      {
        document: parseOnce(primary.operation),
        variables: Object.fromEntries(used.map((name) => [name, coerced.coerced[name]])),
        context: operation.context,
        ...(operation.after !== undefined && { after: operation.after }),
      },
      settings,
    );
    if (told.kind === 'refused') return told;
    const complete = async (payload: string, context: OperationContext): Promise<string> => {
      const gathered = gatheredFrom(payload);
      const execution = options.runOf({ ...operation, context }, coerced.coerced);
      for (const node of rest) await executePlan(node, execution, gathered.gathered);
      const asked = { schema: options.schema, document, operationName, variables: operation.variables };
      const result = settings.finish(completeAnswer(asked, gathered.gathered));
      return JSON.stringify(gathered.extensions ? { ...result, extensions: gathered.extensions } : result);
    };
    return { kind: 'accepted', subscription: extended(told.subscription, complete, operation.context, settings) };
  };
  return (operation, settings) =>
    subscribe(operation, settings).catch((error: unknown) => ({
      kind: 'refused',
      result: settings.finish({ errors: failed(error).errors }),
    }));
}

/** The request that subscribes, and what is asked for each event. */
function partsOf(plan: PlanNode | undefined): {
  readonly primary: Omit<FetchNode, 'kind'>;
  readonly rest: readonly PlanNode[];
} {
  const [first, ...rest] = plan?.kind === 'Sequence' ? plan.nodes : plan ? [plan] : [];
  if (first?.kind === 'Subscription') return { primary: first.primary, rest };
  throw new GatewayError('INTERNAL_ERROR', 'The plan of a subscription does not begin with one.');
}

interface GatheredEvent {
  readonly gathered: Gathered;
  readonly extensions?: unknown;
}

/** What the subgraph tells; its errors were judged where they came from. */
function gatheredFrom(payload: string): GatheredEvent {
  const { data, errors, extensions } = JSON.parse(payload) as ExecutionResult;
  const gathered = new Gathered(isData(data) ? data : {});
  for (const error of errors ?? []) {
    gathered.errors.push(located({ message: error.message, extensions: error.extensions ?? {} }, error.path));
  }
  return { gathered, ...(extensions !== undefined && { extensions }) };
}

/** Events that may wait while others are completed; beyond, the subgraph is held back. */
const maxWaiting = 16;

/** The same events in the same order, each completed before it is sent. */
function extended(
  inner: AcceptedSubscription,
  complete: (payload: string, context: OperationContext) => Promise<string>,
  context: OperationContext,
  { eventTimeoutMs, finish }: SubscriptionOptions,
): AcceptedSubscription {
  return {
    discard: inner.discard,
    start(sink: EventSink) {
      const ending = new AbortController();
      let waiting = 0;
      let isHeld = false;
      let turn = Promise.resolve();
      const isOpen = (): boolean => !ending.signal.aborted;
      const pass = async (payload: string, cursor: string | undefined): Promise<void> => {
        if (!isOpen()) return;
        const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(eventTimeoutMs)]);
        const { caller, requestId, headers } = context;
        const own: OperationContext = { caller, requestId, signal, ...(headers && { headers }) };
        const text = await complete(payload, own).catch((error: unknown) => JSON.stringify(finish(failed(error))));
        waiting -= 1;
        if (!isOpen()) return;
        isHeld = !sink.send(text, cursor);
        if (!isHeld && waiting < maxWaiting) running.resume();
      };
      const running = inner.start({
        ...(sink.canTake && { canTake: sink.canTake }),
        send(payload, cursor) {
          waiting += 1;
          turn = turn.then(() => pass(payload, cursor));
          return false;
        },
        end(errors) {
          turn = turn.then(() => (isOpen() ? sink.end(errors) : undefined));
        },
      });
      return {
        resume() {
          isHeld = false;
          if (waiting < maxWaiting) running.resume();
        },
        stop() {
          ending.abort(new GatewayError('REQUEST_CANCELLED', 'The client has gone.'));
          running.stop();
        },
      };
    },
  };
}
