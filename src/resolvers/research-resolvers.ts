/** The gateway's own fields about research contexts (`schema/gateway.graphql`). */
import type {
  NewResearch,
  OwnersResearch,
  Research,
  ResearchContext,
  ResearchDirection,
  ResearchPort,
  ResearchState,
} from '../research/research.ts';
import type { OperationState } from './operation-state.ts';

/** `ResearchDirection` of the graph. */
export type Direction = 'IMPORT' | 'EXPORT';
/** Arguments of what concerns one context. */
export interface OfContext {
  readonly id: string;
}
/** Arguments of what concerns its ports. */
export interface OfPorts extends OfContext {
  readonly direction: Direction;
}

export function createResearchResolvers(research: Research) {
  const of = ({ caller }: OperationState): OwnersResearch =>
    research.of({ tenant: caller.tenant, subject: caller.subject ?? null });

  return {
    Query: {
      researchContexts: async (_root: unknown, { state }: { state?: ResearchState | null }, asked: OperationState) =>
        (await of(asked).list()).filter((each) => (state ? each.state === state : each.state !== 'DELETED')),
      researchContext: async (_root: unknown, { id }: OfContext, asked: OperationState) =>
        (await of(asked).find(id)) ?? null,
    },
    Mutation: {
      createResearchContext: (_root: unknown, { input }: { input?: NewInput | null }, asked: OperationState) =>
        of(asked).create(readNew(input ?? {})),
      renameResearchContext: (
        _root: unknown,
        { id, name }: OfContext & { name?: string | null },
        asked: OperationState,
      ) => of(asked).rename(id, name ?? null),
      setResearchPort: (
        _root: unknown,
        { id, direction, port }: OfPorts & { port: PortInput },
        asked: OperationState,
      ) => of(asked).setPort(id, directions[direction], readPort(port)),
      removeResearchPort: (
        _root: unknown,
        { id, direction, port }: OfPorts & { port: string },
        asked: OperationState,
      ) => of(asked).removePorts(id, directions[direction], (each) => each.port === port),
      advanceResearchContext: (_root: unknown, { id }: OfContext, asked: OperationState) => of(asked).advance(id),
      finishResearchContext: (_root: unknown, { id }: OfContext, asked: OperationState) => of(asked).reach(id, 'DONE'),
      deleteResearchContext: (_root: unknown, { id }: OfContext, asked: OperationState) =>
        of(asked).reach(id, 'DELETED'),
    },
    ResearchContext: {
      owner: ({ subject }: ResearchContext) => (subject === null ? 'TENANT' : 'SUBJECT'),
      createdAt: ({ createdAt }: ResearchContext) => new Date(createdAt).toISOString(),
      updatedAt: ({ updatedAt }: ResearchContext) => new Date(updatedAt).toISOString(),
    },
  };
}

const directions: Readonly<Record<Direction, ResearchDirection>> = { IMPORT: 'imports', EXPORT: 'exports' };

/** `ResearchPortInput` of the graph. */
export type PortInput = Omit<ResearchPort, 'customProperties'> & Partial<Pick<ResearchPort, 'customProperties'>>;
/** `ResearchContextInput` of the graph. */
export interface NewInput {
  readonly name?: string | null;
  readonly imports?: readonly PortInput[] | null;
  readonly exports?: readonly PortInput[] | null;
}

function readNew({ name, imports, exports }: NewInput): NewResearch {
  return { name, imports: imports?.map(readPort), exports: exports?.map(readPort) };
}

function readPort({ customProperties, ...port }: PortInput): ResearchPort {
  return { ...port, customProperties: customProperties ?? null };
}
