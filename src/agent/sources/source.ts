import type { Runtime } from '../../runtime/runtime.ts';
import type { Buffer } from '../buffer/buffer.ts';

export interface SourceOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'random' | 'files' | 'commands' | 'log'>;
  readonly buffer: Buffer;
  /** Told when a source cannot do its work, and with null when it can again; each problem once. */
  readonly onProblem: (policy: string, problem: string | null) => void;
}

export interface SourceStatus {
  readonly policy: string;
  readonly kind: 'log-file' | 'command';
  /** Null while it works. */
  readonly problem: string | null;
  /** Counters of this source by their name. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface Source extends AsyncDisposable {
  readonly status: SourceStatus;
}
