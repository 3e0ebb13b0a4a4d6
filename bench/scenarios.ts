/** What is asked of all three servers, word for word the same. */

export interface Scenario {
  readonly name: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Requests that one operation may send upstream. */
  readonly upstreamRequests: number;
  /** At least so many times as many requests per CPU second as the bare server. */
  readonly target: number;
}

const orderFields = 'id number status quantity total currency isGift note dueOn placedAt updatedAt';

export const scenarios: readonly Scenario[] = [
  {
    name: 'one object',
    query: `query One($id: ID!) { shopOrder(id: $id) { ${orderFields} } }`,
    variables: { id: '7' },
    upstreamRequests: 1,
    target: 0.35,
  },
  {
    name: 'list of 50',
    query: `query List($limit: Int!) { shopOrders(limit: $limit) { ${orderFields} } }`,
    variables: { limit: 50 },
    upstreamRequests: 1,
    target: 0.2,
  },
  {
    name: 'N+1 joined',
    query: `query Join($limit: Int!) { shopOrders(limit: $limit) { id number customer { id name email createdAt } } }`,
    variables: { limit: 50 },
    upstreamRequests: 2,
    target: 0.2,
  },
];

/** The body of a scenario's request. */
export function bodyOf({ query, variables }: Scenario): string {
  return JSON.stringify({ query, variables });
}
