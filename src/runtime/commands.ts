export interface CommandResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** True when either output was cut at `outputBytesMax`. */
  readonly cut: boolean;
}

export interface CommandCall {
  /** A program and its arguments; no shell is ever in between. */
  readonly file: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** As whom it runs, with that user's own groups and environment; as we do when left out. Only root can be another. */
  readonly user?: string;
  /** Told of everything that it prints while it runs, also what is beyond the cap. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** A program that was started ahead and waits for its input. Modes: waiting, working, ended. */
export interface StandBy {
  /** Only then `finish` may be called; false also when it could not be started. */
  readonly isWaiting: boolean;
  /**
   * Gives it all of its input, once, and resolves with what `run` would say. `isDone` may see by what it has printed
   * that its work is done although it has not ended: the exit code is then 0, and what it does until its end is waited
   * for by nobody. At `timeoutMs` it is killed.
   */
  finish(input: string, timeoutMs: number, isDone?: (stdout: string) => boolean): Promise<CommandResult>;
  /** Kills it, whatever it is doing. */
  end(): void;
}

/** Names a process beyond its number: a reused number has another start. */
export interface ProcessId {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks from boot to the start of the process. */
  readonly startTicks: number;
  /** /proc/sys/kernel/random/boot_id: the process lives on this run of this machine. */
  readonly bootId: string;
}

/** A child that we can talk to. Messages are JSON values over a pipe; it ends when its end of the pipe closes. */
export interface Child {
  readonly id: ProcessId;
  send(message: unknown): void;
  onMessage(handler: (message: unknown) => void): void;
  onExit(handler: (exitCode: number | null, signal: string | null) => void): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface StartOptions {
  /** A file that what it prints is added to (created with mode 0600); with the parent's own output when left out. */
  readonly outputPath?: string;
}

/** A program that goes on when we end. */
export interface DetachedCall {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it prints is added to this file (created with mode 0600). */
  readonly outputPath: string;
}

/** The other end of `Child`, inside the child. */
export interface Parent {
  send(message: unknown): void;
  onMessage(handler: (message: unknown) => void): void;
  /** The parent is gone. */
  onClose(handler: () => void): void;
}

export interface Commands {
  /** Never rejects for what the command does; WK_NOT_FOUND or WK_DENIED when it cannot be started, or not as that user. */
  run(call: CommandCall): Promise<CommandResult>;
  /**
   * Starts a program ahead of its input, for work that cannot wait for a process to start. It reads the end of its input
   * when we end, so it must do nothing then.
   */
  standBy(call: Omit<CommandCall, 'timeoutMs'>): StandBy;
  /** Starts another process of this program: `watchkeeper ARGS…`. */
  startSelf(args: readonly string[], options?: StartOptions): Child;
  /** Starts a program that outlives this process, and never waits for it. WK_NOT_FOUND when it cannot be started. */
  startDetached(call: DetachedCall): ProcessId;
  /** Null in a process that `startSelf` did not start. */
  readonly parent: Parent | null;
  readonly self: ProcessId;
  readonly hostName: string;
  /** Where systemd put the credentials of the unit that we are; null where it gave none. */
  readonly credentialsFolder: string | null;
  /** Ends exactly that process with SIGKILL; false when it is not there (any more). */
  end(id: ProcessId): boolean;
  isRunning(id: ProcessId): boolean;
}
