/** A gateway that a command started. */
import type { Gateway } from '../gateway.ts';
import type { Project } from './load-project.ts';

export interface Serving {
  readonly gateway: Gateway;
  /** Absent with `--demo`. */
  readonly project: Project | undefined;
  readonly url: string;
  readonly close: () => Promise<void>;
}
