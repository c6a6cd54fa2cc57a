import type { MessageView, NodeView, PoolStatus } from '../../model/api.ts';

/** All that the live picture shows; picture.ts and plain-lines.ts make text of it. */
export interface DemoView {
  readonly startedMs: number;
  readonly nowMs: number;
  /** Null while no server answers; `because` then says why. */
  readonly status: PoolStatus | null;
  readonly because: string;
  readonly nodes: readonly NodeView[];
  /** The latest, newest first. */
  readonly messages: readonly MessageView[];
  readonly processes: readonly DemoProcess[];
  readonly consoleUrl: string;
  readonly connect: readonly string[];
  /** What happens when it ends: that data is removed, or where it stays. */
  readonly ending: string;
}

export interface DemoProcess {
  readonly name: string;
  readonly kind: 'server' | 'agent';
  readonly running: boolean;
  readonly restarts: number;
}
