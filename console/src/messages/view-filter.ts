import type { MessageFilter } from '../../../src/model/api.ts';
import { messageStates, type MessageState } from '../../../src/model/operation.ts';
import { severities, type Severity } from '../../../src/model/severity.ts';

/** What the messages page shows, as its address says it. */
export interface ViewFilter {
  readonly state: MessageState | 'all';
  /** None: every severity. */
  readonly severities: readonly Severity[];
  readonly node: string;
  readonly group: string;
  readonly text: string;
  readonly since: Since | null;
  /** Of those that say the same, only the newest with their number. Not while a text is looked for: it may differ. */
  readonly grouped: boolean;
  /** Only those that say the same: `same.key` of one of them. Empty: all. */
  readonly same: string;
}

/** Spans of time to choose from, in milliseconds. */
export const sinceSpans = {
  '15m': 900_000,
  '1h': 3_600_000,
  '8h': 28_800_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
} as const;
export type Since = keyof typeof sinceSpans;
const sinceNames = ['15m', '1h', '8h', '24h', '7d'] as const satisfies readonly Since[];
const states = [...messageStates, 'all'] as const;

export const noFilter: ViewFilter = {
  state: 'open',
  severities: [],
  node: '',
  group: '',
  text: '',
  since: null,
  grouped: false,
  same: '',
};

/** What cannot be read in an address counts as not said. */
export function filterOfSearch(search: string): ViewFilter {
  const parameters = new URLSearchParams(search);
  const text = (name: string): string => (parameters.get(name) ?? '').slice(0, 256);
  const chosen = (parameters.get('severity') ?? '').split(',');
  return {
    state: states.find((one) => one === parameters.get('state')) ?? noFilter.state,
    severities: severities.filter((one) => chosen.includes(one)),
    node: text('node'),
    group: text('group'),
    text: text('text'),
    since: sinceNames.find((one) => one === parameters.get('since')) ?? null,
    grouped: parameters.get('grouped') === 'true',
    same: /^[0-9a-f]{13}$/.exec(parameters.get('same') ?? '')?.[0] ?? '',
  };
}

/** With its question mark; empty for the view that one begins with. The same view always has the same address. */
export function searchOfFilter(filter: ViewFilter): string {
  const parameters = new URLSearchParams();
  if (filter.state !== noFilter.state) parameters.set('state', filter.state);
  if (filter.severities.length > 0) parameters.set('severity', filter.severities.join(','));
  for (const name of ['node', 'group', 'text'] as const)
    if (filter[name] !== '') parameters.set(name, filter[name]);
  if (filter.since !== null) parameters.set('since', filter.since);
  if (filter.grouped) parameters.set('grouped', 'true');
  if (filter.same !== '') parameters.set('same', filter.same);
  const search = parameters.toString().replaceAll('%2C', ',');
  return search === '' ? '' : `?${search}`;
}

/** As the API takes it. */
export function messageFilterOf(filter: ViewFilter, nowMs: number): MessageFilter {
  return {
    ...(filter.state !== 'all' && { state: filter.state }),
    ...(filter.severities.length > 0 && { severities: [...filter.severities] }),
    ...(filter.node !== '' && { node: filter.node }),
    ...(filter.group !== '' && { group: filter.group }),
    ...(filter.text !== '' && { text: filter.text }),
    ...(filter.since !== null && { sinceMs: nowMs - sinceSpans[filter.since] }),
    ...(filter.same !== '' && { same: filter.same }),
  };
}

/** Whether rows stand for all that say the same. */
export function isGrouped(filter: ViewFilter): boolean {
  return filter.grouped && filter.text === '' && filter.same === '';
}

export function isNarrowed(filter: ViewFilter): boolean {
  return searchOfFilter({ ...filter, state: noFilter.state, grouped: noFilter.grouped }) !== '';
}

/** The query of `/api/v1/messages`. */
export function queryOf(
  filter: MessageFilter,
  page: {
    readonly limit: number;
    readonly order?: 'newest' | 'oldest';
    readonly cursor?: string;
    readonly grouped?: boolean;
  },
): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filter, ...page }))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) parameters.append(name, String(one));
  return parameters.toString();
}
