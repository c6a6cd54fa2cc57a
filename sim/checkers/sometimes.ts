/** A state that is rare but must come up in a run that is long enough, else the run proves less than it seems to. */
export interface RareState {
  readonly name: string;
  /** The scenario that counts it. */
  readonly scenario: 'journal' | 'pool' | 'whole';
  /** Simulated time of that scenario after which it must have occurred. */
  readonly withinHours: number;
}

export const rareStates = [
  { name: 'an entry came through a third server', scenario: 'journal', withinHours: 1 },
  { name: 'one copy was said', scenario: 'journal', withinHours: 1 },
  { name: 'the second copy came later', scenario: 'journal', withinHours: 1 },
  { name: 'batches with one copy went to another server', scenario: 'journal', withinHours: 1 },
  { name: 'a decision of a lower epoch was void', scenario: 'journal', withinHours: 1 },
  { name: 'a torn end of a log was skipped', scenario: 'journal', withinHours: 1 },
  { name: 'state compared', scenario: 'journal', withinHours: 1 },
  { name: 'a lease expired while its holder was paused', scenario: 'pool', withinHours: 1 },
  { name: 'the coordinator committed and answered too late', scenario: 'pool', withinHours: 1 },
  { name: 'a role had to be held during faults', scenario: 'pool', withinHours: 1 },
  { name: 'role changes', scenario: 'pool', withinHours: 1 },
  { name: 'an address moved', scenario: 'pool', withinHours: 1 },
  { name: 'a stray address was removed', scenario: 'pool', withinHours: 4 },
  { name: 'the gate of an address was not armed', scenario: 'pool', withinHours: 1 },
  { name: 'an address moved', scenario: 'whole', withinHours: 12 },
  { name: 'a snapshot was sent', scenario: 'whole', withinHours: 4 },
  { name: 'a snapshot was installed', scenario: 'whole', withinHours: 4 },
  { name: 'a lease expired while its holder was paused', scenario: 'whole', withinHours: 4 },
  { name: 'a torn end of a log was skipped', scenario: 'whole', withinHours: 4 },
  { name: 'a decision of a lower epoch was void', scenario: 'whole', withinHours: 40 },
  { name: 'messages were dropped by a full buffer', scenario: 'whole', withinHours: 4 },
  { name: 'messages were stored while the coordinator was away', scenario: 'whole', withinHours: 4 },
  { name: 'a disk lost what it had synced', scenario: 'whole', withinHours: 12 },
  { name: 'a member was replaced', scenario: 'whole', withinHours: 8 },
  { name: 'every server was down at once', scenario: 'whole', withinHours: 8 },
  { name: 'a core went on without the rest', scenario: 'whole', withinHours: 8 },
  { name: 'a core went on without the coordinator', scenario: 'whole', withinHours: 8 },
  { name: "an operator's move of a role", scenario: 'whole', withinHours: 4 },
  { name: 'waits between retries compared', scenario: 'whole', withinHours: 4 },
  { name: 'notes stored twice', scenario: 'whole', withinHours: 4 },
  { name: 'the coordinator was restored from a backup', scenario: 'whole', withinHours: 80 },
  { name: 'a wall clock jumped by years', scenario: 'whole', withinHours: 8 },
] as const satisfies readonly RareState[];

/** Known only by what a server logs: the text is the name of the state. */
const heard: readonly string[] = [
  'a snapshot was sent',
  'a snapshot was installed',
  'the gate of an address was not armed',
];

/** The rare state that a line of a log shows, or null. */
export function rareStateIn(line: string): string | null {
  return heard.find((text) => line.includes(text)) ?? null;
}

export interface Sometimes {
  readonly state: RareState;
  readonly count: number;
  /** The run was long enough for it, and it never came up. */
  readonly missing: boolean;
}

/** `fired` and `hours` are those of each scenario. */
export function judgeSometimes(
  fired: (scenario: string) => ReadonlyMap<string, number>,
  hours: (scenario: string) => number,
): Sometimes[] {
  return rareStates.map((state) => {
    const count = fired(state.scenario).get(state.name) ?? 0;
    return { state, count, missing: count === 0 && hours(state.scenario) >= state.withinHours };
  });
}
