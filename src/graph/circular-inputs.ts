/** Inputs that need themselves: no value can satisfy them. */
import { type GraphQLInputObjectType, isInputObjectType, isNonNullType } from 'graphql';
import type { NameRegister } from './name-register.ts';

/** Reports each circle of required fields once. A list or an optional field in it makes a circle harmless. */
export function reportCircularInputs(register: NameRegister): void {
  const done = new Set<GraphQLInputObjectType>();
  const path: { readonly type: GraphQLInputObjectType; readonly field: string }[] = [];
  const visit = (type: GraphQLInputObjectType): void => {
    const start = path.findIndex((step) => step.type === type);
    if (start >= 0) {
      const circle = path.slice(start).map((step) => `${step.type.name}.${step.field}`);
      register.fault(
        'NOTATION_CIRCULAR',
        register.originOf(type),
        `no value can satisfy ${circle.join(' → ')}, since each is required; make one of them optional.`,
      );
      return;
    }
    if (done.has(type)) return;
    for (const field of Object.values(type.getFields())) {
      if (!isNonNullType(field.type) || !isInputObjectType(field.type.ofType)) continue;
      path.push({ type, field: field.name });
      visit(field.type.ofType);
      path.pop();
    }
    done.add(type);
  };
  for (const type of register.types) if (isInputObjectType(type)) visit(type);
}
