import type { Coordination } from '../../src/coordination/coordination.ts';
import { keys } from '../../src/model/definitions.ts';
import { keeperMessageSchema, serverMessageSchema } from '../../src/pool/grants.ts';
import { timingsDefault } from '../../src/pool/lease/timings.ts';
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
  return [withChild(runtime, late), coordination];
}

/** Most of the members promised: the rest is taken to have promised too. */
export function withMajority(runtime: Runtime, coordination: Coordination): [Runtime, Coordination] {
  return [withChild(runtime, majority), coordination];
}

/** A server promises without telling its keeper, which takes as if nothing had been promised. */
export function withForgottenPromises(runtime: Runtime, coordination: Coordination): [Runtime, Coordination] {
  return [withChild(runtime, forgetful), coordination];
}

/** What is wanted of roles is read once, at the start. */
export function withOldDefinitions(runtime: Runtime, coordination: Coordination): [Runtime, Coordination] {
  const { roles } = keys;
  return [
    runtime,
    {
      ...coordination,
      watch: (prefix, from, onChange) =>
        coordination.watch(prefix, from, (change) => {
          if (prefix !== roles) onChange(change);
        }),
    },
  ];
}

function withChild(runtime: Runtime, twist: (child: Child) => Child): Runtime {
  const { commands } = runtime;
  return { ...runtime, commands: { ...commands, startSelf: (args) => twist(commands.startSelf(args)) } };
}

function majority(child: Child): Child {
  const asked = new Map<number, Set<string>>();
  return {
    ...child,
    send: (message) => {
      const parsed = keeperMessageSchema.parse(message);
      if (parsed.kind === 'ask') asked.set(parsed.round, new Set(parsed.members));
      child.send(message);
    },
    onMessage: (handler) =>
      child.onMessage((message) => {
        handler(message);
        const parsed = serverMessageSchema.parse(message);
        if (parsed.kind !== 'confirmed' || !parsed.promised) return;
        const waiting = asked.get(parsed.round) ?? new Set<string>();
        const all = waiting.size;
        waiting.delete(parsed.from);
        if (waiting.size <= all / 2) for (const from of waiting) handler({ ...parsed, from });
      }),
  };
}

function forgetful(child: Child): Child {
  return {
    ...child,
    onMessage: (handler) =>
      child.onMessage((message) => {
        const parsed = serverMessageSchema.parse(message);
        if (parsed.kind !== 'asked') return handler(message);
        const { from: to, round, incarnation } = parsed;
        child.send({ kind: 'answer', to, round, incarnation, promised: true, because: 'forgotten' });
      }),
  };
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
