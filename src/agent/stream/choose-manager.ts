import { unreachable } from '../../model/invariant.ts';

/**
 * Which manager the agent talks to. Phases: waiting (a timer runs), dialling, live.
 * Order: the virtual interface first, then the other servers, as the pool listed them last. On a loss at once to the
 * next; when none answers a wait with full jitter that grows by rounds; a live stream elsewhere returns to
 * the primary after a while, later each time that this did not last.
 */
export interface ManagerState {
  /** In order of preference; the first is the primary. */
  readonly servers: readonly string[];
  readonly phase: 'waiting' | 'dialling' | 'live';
  /** Dialled or connected. */
  readonly current: string | null;
  readonly liveSinceMs: number;
  /** The primary is being dialled while another server is connected. */
  readonly returning: boolean;
  readonly returnAfterMs: number;
  /** Servers that did not work out since the last stable connection, and how often all of them did not. */
  readonly tried: readonly string[];
  readonly rounds: number;
  readonly spreadMs: number;
  /** Servers that said no, or had to be left, and until when they are let alone. */
  readonly avoidUntilMs: Readonly<Record<string, number>>;
}

export type ManagerEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'timer' }
  | { readonly kind: 'connected'; readonly server: string; readonly spreadMs?: number }
  /** Dialling failed; `retry` false: the server said that a person must act first. */
  | { readonly kind: 'failed'; readonly server: string; readonly retry: boolean }
  | { readonly kind: 'lost'; readonly retry: boolean }
  /** The connected server takes nothing; another one may. */
  | { readonly kind: 'leave' }
  /** The connected server says that the primary is well again. */
  | { readonly kind: 'goBack' }
  | { readonly kind: 'servers'; readonly servers: readonly string[] };

export type ManagerEffect =
  { readonly kind: 'dial'; readonly server: string } | { readonly kind: 'wait'; readonly ms: number };

export const managerTimings = {
  spreadMs: 2_000,
  waitMsMax: 60_000,
  /** A server that refused us is asked again this rarely, doubled by jitter. */
  refusedMs: 60_000,
  leftMs: 30_000,
  returnMs: 30_000,
  returnMsMax: 600_000,
  /** A connection that lasted this long counts as stable. */
  stableMs: 10_000,
} as const;

type Step = [ManagerState, ManagerEffect[]];

export function startManager(servers: readonly string[]): ManagerState {
  return {
    servers: [...new Set(servers)],
    phase: 'waiting',
    current: null,
    liveSinceMs: 0,
    returning: false,
    returnAfterMs: managerTimings.returnMs,
    tried: [],
    rounds: 0,
    spreadMs: managerTimings.spreadMs,
    avoidUntilMs: {},
  };
}

/** `draw` is a random number from 0 up to but not including 1. */
export function stepManager(state: ManagerState, event: ManagerEvent, nowMs: number, draw: number): Step {
  switch (event.kind) {
    case 'start':
      return next(state, nowMs, draw);
    case 'timer':
      return onTimer(state, nowMs, draw);
    case 'connected':
      return onConnected(state, event, nowMs, draw);
    case 'failed':
      return onFailed(state, event, nowMs, draw);
    case 'lost':
      return onLost(state, event.retry, nowMs, draw);
    case 'leave':
      return state.current === null
        ? [state, []]
        : onLost(avoid(state, state.current, nowMs + managerTimings.leftMs), true, nowMs, draw);
    case 'goBack':
      return onGoBack(state, draw);
    case 'servers':
      return onServers(state, event.servers, draw);
    default:
      return unreachable(event);
  }
}

function onTimer(state: ManagerState, nowMs: number, draw: number): Step {
  if (state.phase === 'waiting') return next(state, nowMs, draw);
  const [primary] = state.servers;
  if (state.phase === 'dialling' || state.returning || primary === undefined || primary === state.current)
    return [state, []];
  return [{ ...state, returning: true }, [{ kind: 'dial', server: primary }]];
}

function onConnected(
  state: ManagerState,
  event: Extract<ManagerEvent, { kind: 'connected' }>,
  nowMs: number,
  draw: number,
): Step {
  const live: ManagerState = {
    ...state,
    phase: 'live',
    current: event.server,
    liveSinceMs: nowMs,
    returning: false,
    spreadMs: event.spreadMs ?? state.spreadMs,
  };
  return [live, waitForReturn(live, draw)];
}

function onFailed(
  state: ManagerState,
  event: Extract<ManagerEvent, { kind: 'failed' }>,
  nowMs: number,
  draw: number,
): Step {
  const told = event.retry
    ? state
    : avoid(state, event.server, nowMs + managerTimings.refusedMs * (1 + draw));
  if (state.phase === 'live') {
    const live = { ...told, returning: false };
    return [live, waitForReturn(live, draw)];
  }
  // A dial that was overtaken by events: what runs now goes on.
  if (state.phase === 'waiting') return [told, []];
  if (event.server !== state.current) return [{ ...told, tried: [...told.tried, event.server] }, []];
  return next({ ...told, tried: [...told.tried, event.server] }, nowMs, draw);
}

function onLost(state: ManagerState, retry: boolean, nowMs: number, draw: number): Step {
  const { current } = state;
  if (state.phase !== 'live' || current === null) return [state, []];
  const stable = nowMs - state.liveSinceMs >= managerTimings.stableMs;
  const told = retry ? state : avoid(state, current, nowMs + managerTimings.refusedMs * (1 + draw));
  return next(
    {
      ...told,
      // The primary may be on its way already; whoever answers first is taken.
      returning: false,
      returnAfterMs: returnAfterMs(state, nowMs),
      rounds: stable ? 0 : state.rounds,
      tried: stable ? [current] : [...state.tried, current],
    },
    nowMs,
    draw,
  );
}

/** A return that did not last is tried later next time; a lasting one forgets that. */
function returnAfterMs(state: ManagerState, nowMs: number): number {
  if (state.current !== state.servers[0]) return state.returnAfterMs;
  const lasted = nowMs - state.liveSinceMs >= 2 * managerTimings.returnMs;
  return lasted ? managerTimings.returnMs : Math.min(state.returnAfterMs * 2, managerTimings.returnMsMax);
}

/**
 * The primary is dialled soon, not all agents at once, and the stream stays until it has answered. Who returned lately
 * and was lost again keeps to its own time: the server sees the primary from elsewhere.
 */
function onGoBack(state: ManagerState, draw: number): Step {
  const isAway = state.phase === 'live' && !state.returning && state.current !== state.servers[0];
  if (!isAway || state.returnAfterMs > managerTimings.returnMs) return [state, []];
  return [state, [{ kind: 'wait', ms: draw * state.spreadMs }]];
}

function onServers(state: ManagerState, servers: readonly string[], draw: number): Step {
  const updated = { ...state, servers: [...new Set(servers)] };
  return [updated, state.phase === 'live' ? waitForReturn(updated, draw) : []];
}

/** The first server that was not tried in this round and need not be let alone; else a wait, and a new round. */
function next(state: ManagerState, nowMs: number, draw: number): Step {
  const open = state.servers.filter((server) => (state.avoidUntilMs[server] ?? 0) <= nowMs);
  const server = open.find((candidate) => !state.tried.includes(candidate));
  if (server !== undefined)
    return [{ ...state, phase: 'dialling', current: server }, [{ kind: 'dial', server }]];
  const jitterMs =
    draw * Math.min(managerTimings.waitMsMax, state.spreadMs * 2 ** Math.min(state.rounds, 16));
  const soonestMs = Math.min(...state.servers.map((known) => state.avoidUntilMs[known] ?? 0));
  const ms = open.length > 0 ? jitterMs : Math.max(jitterMs, soonestMs - nowMs);
  return [
    { ...state, phase: 'waiting', current: null, tried: [], rounds: state.rounds + 1 },
    [{ kind: 'wait', ms: Number.isFinite(ms) ? ms : managerTimings.waitMsMax }],
  ];
}

function waitForReturn(state: ManagerState, draw: number): ManagerEffect[] {
  if (state.current === state.servers[0]) return [];
  return [{ kind: 'wait', ms: state.returnAfterMs * (0.5 + draw) }];
}

function avoid(state: ManagerState, server: string, untilMs: number): ManagerState {
  return { ...state, avoidUntilMs: { ...state.avoidUntilMs, [server]: untilMs } };
}

/** What the pool said last, then what is configured and not in it, so that a wrong list never strands an agent. */
export function mergeServers(told: readonly string[], configured: readonly string[]): string[] {
  return [...new Set([...told, ...configured])];
}

/**
 * Of several virtual interfaces the one that this agent is configured with comes first, so that a pool's load can be
 * spread over them. The first `interfaces` of what the pool told are virtual interfaces.
 */
export function homeFirst(
  told: readonly string[],
  interfaces: number,
  configured: readonly string[],
): readonly string[] {
  const home = configured.find((url) => told.slice(0, interfaces).includes(url));
  return home === undefined ? told : [home, ...told.filter((url) => url !== home)];
}

/** An address that the pool does not have (any more) is not dialled. */
export function primaryFirst(servers: readonly string[], primary: string | null): readonly string[] {
  if (primary === null || !servers.includes(primary)) return servers;
  return [primary, ...servers.filter((url) => url !== primary)];
}
