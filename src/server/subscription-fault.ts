/** Finds the one fault at which graphql-js 16 throws instead of reporting it. */
import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  SingleFieldSubscriptionsRule,
  validate,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';

/**
 * A root field of a subscription that stands under `@skip` or `@include` with a variable, or with what is no Boolean:
 * which fields there are must be known before the variables are, and graphql-js throws while it counts them.
 *
 * @returns `undefined` for documents that can be validated.
 * @see https://spec.graphql.org/draft/#sec-Single-Root-Field
 */
export function subscriptionFault(schema: GraphQLSchema, document: DocumentNode): GraphQLError | undefined {
  const isSubscription = document.definitions.some(
    (each) => each.kind === Kind.OPERATION_DEFINITION && each.operation === OperationTypeNode.SUBSCRIPTION,
  );
  if (!isSubscription) return undefined;
  try {
    validate(schema, document, [SingleFieldSubscriptionsRule], { maxErrors: 5 });
    return undefined;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const message =
      'The root field of a subscription cannot be under @skip or @include with a variable: it is chosen before variables are known. Leave the directive out.';
    return new GraphQLError(message, { nodes: error.nodes, originalError: error });
  }
}
