import type { Severity } from '../model/severity.ts';
import type { Position } from './finding.ts';

/**
 * What a text of flexible management says, as the parser gives it and the printer takes it. Words of the language are
 * kept as they are written canonically. `at` is where a thing begins in the text it was read from.
 */
export interface FlexiblePolicy {
  readonly timeTemplates: readonly TimeTemplate[];
  readonly statusVariables: readonly StatusVariable[];
  readonly managers: readonly ResponsibleManagers[];
}

interface Placed {
  readonly at: Position;
}

export interface TimeTemplate extends Placed {
  readonly name: string;
  readonly description: string;
  readonly zone: { readonly type: 'Fix' | 'Local' | 'Mgmtserver'; readonly value: string } | null;
  readonly conditions: readonly TimeCondition[];
}

/** Minutes of a day, 0 to 1440; `to` is itself inside, unless it is 1440. */
export interface MinuteRange {
  readonly from: number;
  readonly to: number;
}

/** 1 is Monday, 7 is Sunday; from Friday to Monday goes over the weekend. */
export interface WeekdayRange {
  readonly from: number;
  readonly to: number;
}

/** Null stands for any. */
export interface DatePattern {
  readonly year: number | null;
  readonly month: number | null;
  readonly day: number | null;
}

/** Both ends are inside. `to` is null where one date is named (`ON`). */
export interface DateRange {
  readonly from: DatePattern;
  readonly to: DatePattern | null;
}

/** True where all of its parts are; a part that is null is always. */
export interface TimeCondition extends Placed {
  readonly type: ConditionType;
  readonly time: MinuteRange | null;
  readonly weekday: WeekdayRange | null;
  readonly date: DateRange | null;
}

/** `Unmatch` is a newer word for `Suppress`. */
export type ConditionType = 'Match' | 'Suppress' | 'Unmatch';

export interface StatusVariable extends Placed {
  readonly name: string;
  readonly initially: boolean;
}

/** One `RESPMGRCONFIG`. */
export interface ResponsibleManagers extends Placed {
  readonly description: string;
  /** Who may become the primary manager of the node. */
  readonly secondary: readonly ListedManager[];
  /** Who may run actions on the node. */
  readonly actionAllowed: readonly ListedManager[];
  readonly rules: readonly Rule[];
}

export interface ListedManager extends Placed {
  readonly system: SystemReference;
  readonly description: string | null;
}

/**
 * A managed node or a server. `address` 0.0.0.0 (and ::) means that the name is what counts; `id` is a core ID.
 * `primary` is `$OPC_PRIMARY_MGR`: whoever is the node's primary manager at the time.
 */
export type SystemReference =
  | {
      readonly kind: 'address';
      readonly family: 4 | 6;
      readonly address: string;
      readonly name: string | null;
      readonly id: string | null;
    }
  | { readonly kind: 'other'; readonly name: string }
  | { readonly kind: 'primary' };

/** The first rule of a list that matches a message decides about it. */
export interface Rule extends Placed {
  readonly description: string;
  readonly conditions: readonly MessageCondition[];
  readonly outcome: RuleTargets | RuleOperations;
}

export interface RuleTargets {
  readonly kind: 'targets';
  readonly targets: readonly Target[];
  /** `ACKNONLOCALMGR`: an acknowledgement may be sent to the server that a notification came from. */
  readonly acknowledgeNonLocal: boolean;
}

export interface Target extends Placed {
  readonly timeTemplate: string;
  readonly manager: SystemReference;
  /** `control`: may take over control of the message. `notify`: gets it for notice; so also where nothing is said. */
  readonly share: 'control' | 'notify' | null;
}

export interface RuleOperations {
  readonly kind: 'operations';
  readonly operations: readonly ServiceOperation[];
}

export interface ServiceOperation extends Placed {
  /** Null: at all times. `not`: while the template is false. */
  readonly when: { readonly timeTemplate: string; readonly not: boolean } | null;
  readonly operation:
    | { readonly kind: 'INSERVICE' | 'SUPPRESS' | 'LOGONLY' }
    | { readonly kind: 'TROUBLETICKET' | 'NOTIFICATION'; readonly on: boolean };
}

/** True where all of its attributes are; one that is null, or an empty text, is always. */
export interface MessageCondition extends Placed {
  readonly type: ConditionType;
  readonly description: string | null;
  readonly severities: readonly Severity[] | null;
  readonly nodes: readonly SystemReference[] | null;
  readonly application: string | null;
  readonly group: string | null;
  readonly object: string | null;
  readonly messageType: string | null;
  readonly text: PatternText | null;
  readonly service: PatternText | null;
  readonly statusVariable: string | null;
}

/** A text pattern as it was written (`text-pattern/`). */
export interface PatternText extends Placed {
  readonly source: string;
  /** What counts as a separator in it; null: space and tab. */
  readonly separators: string | null;
  readonly ignoreCase: boolean;
}

/** The template that always is; no policy has to define it. */
export const alwaysTemplate = '$OPC_ALWAYS';
export const primaryManager = '$OPC_PRIMARY_MGR';
