/** Research contexts: which storages a research project takes its files from, where they go, and how far it is. */
import type { JsonValue } from '../storage/records.ts';

/**
 * How far a context is, in this order and never back. What is deleted stays and says so, since files of it may be published.
 *
 * @see contracts §1.4, `EnumStatus` of Sciebo RDS' research manager.
 */
export const researchStates = ['CREATED', 'WORK', 'DONE', 'DELETED'] as const;
export type ResearchState = (typeof researchStates)[number];

/** `imports`: where files come from; `exports`: where they go. */
export type ResearchDirection = 'imports' | 'exports';

/** A storage that takes part in a context, by the name under which it is registered, e.g. `port-zenodo`. */
export interface ResearchPort {
  readonly port: string;
  /** Used for its files. */
  readonly fileStorage: boolean;
  /** Used for its metadata. */
  readonly metadata: boolean;
  /** What applications keep with it, such as the id of the project there; `null`: nothing was said. */
  readonly customProperties: readonly ResearchProperty[] | null;
}

export interface ResearchProperty {
  readonly key: string;
  /** As the application said it. */
  readonly value: JsonValue;
}

export interface ResearchContext {
  readonly id: string;
  /** Counted from 0 within the tenant. */
  readonly number: number;
  /** Counted from 0 within its owner. */
  readonly index: number;
  /** `null`: the tenant itself. */
  readonly subject: string | null;
  readonly name: string | null;
  readonly state: ResearchState;
  readonly imports: readonly ResearchPort[];
  readonly exports: readonly ResearchPort[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewResearch {
  readonly name?: string | null | undefined;
  readonly imports?: readonly ResearchPort[] | undefined;
  readonly exports?: readonly ResearchPort[] | undefined;
}

/**
 * The contexts of one owner. Every change is one compare-and-set: of several at the same instant none is lost. What is to be
 * changed is named by `id`, and one of somebody else is not there.
 */
export interface OwnersResearch {
  /** All of them, those that were deleted too, by their index. */
  readonly list: () => Promise<readonly ResearchContext[]>;
  readonly find: (id: string) => Promise<ResearchContext | undefined>;
  /** @throws InputError INPUT_INVALID for more ports or longer texts than are kept, as all that takes any. */
  readonly create: (given?: NewResearch) => Promise<ResearchContext>;
  /** @throws InputError RESEARCH_NOT_FOUND, as all below. */
  readonly rename: (id: string, name: string | null) => Promise<ResearchContext>;
  /** Adds it behind the others, or in the place of the one of the same name. */
  readonly setPort: (id: string, direction: ResearchDirection, port: ResearchPort) => Promise<ResearchContext>;
  /** Takes those away for which `isMeant` says so. */
  readonly removePorts: (
    id: string,
    direction: ResearchDirection,
    isMeant: (port: ResearchPort, index: number) => boolean,
  ) => Promise<ResearchContext>;
  /** To the next state; one that is deleted stays so. */
  readonly advance: (id: string) => Promise<ResearchContext>;
  /** To that state, and never back: one that is further stays as it is. */
  readonly reach: (id: string, state: ResearchState) => Promise<ResearchContext>;
}

export interface Research {
  readonly of: (owner: { readonly tenant: string; readonly subject: string | null }) => OwnersResearch;
  /** Whoever's it is within the tenant. */
  readonly findInTenant: (tenant: string, id: number) => Promise<ResearchContext | undefined>;
}
