import type { Coordination } from '../../src/coordination/coordination.ts';
import { keeperMessageSchema } from '../../src/pool/grants.ts';
import { timingsDefault } from '../../src/pool/timings.ts';
import type { Child } from '../../src/runtime/commands.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';

export function withWallClock(runtime: Runtime, coordination: Coordination): [Runtime, Coordination] {
  const { clock } = runtime;
  const startMs = clock.monotonicMs() - clock.wallMs();
  return [{ ...runtime, clock: { ...clock, monotonicMs: () => startMs + clock.wallMs() } }, coordination];
}

export function withoutConditions(runtime: Runtime, coordination: Coordination): [Runtime, Coordination] {
  return [
    runtime,
    { ...coordination, transact: ({ writes }) => coordination.transact({ conditions: [], writes }) },
  ];
}

export function withLateDeadlines(runtime: Runtime, coordination: Coordination): [Runtime, Coordination] {
  const { commands } = runtime;
  return [
    { ...runtime, commands: { ...commands, startSelf: (args) => late(commands.startSelf(args)) } },
    coordination,
  ];
}

/** A renewal that takes as long as it may is answered so much later than it was sent. */
function late(child: Child): Child {
  return {
    ...child,
    send: (message) => {
      const parsed = keeperMessageSchema.parse(message);
      if (parsed.kind !== 'grants') return child.send(message);
      const grants = parsed.grants.map((grant) => ({
        ...grant,
        deadlineMs: grant.deadlineMs + timingsDefault.callTimeoutMs,
      }));
      child.send({ ...parsed, grants });
    },
  };
}
