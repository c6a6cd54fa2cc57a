import { printable } from '../../flexible-management/decided-by.ts';
import { outageSchema, type Outage } from '../../model/outage.ts';
import type { PolicyDefinition } from '../../model/policy-definitions.ts';
import { isInScope, selectorOf, type IsInGroup, type Place, type Scope } from '../../model/rights.ts';
import type { Handled } from './server-rules.ts';

/** An outage that is defined, also one that has not begun or is over. */
export interface DefinedOutage {
  readonly outage: Outage;
  /** Who said so. */
  readonly by: string;
  readonly scope: Scope;
}

/** All that are defined, in the order of their names, which is the order in which they are asked. */
export function definedOutages(
  policies: readonly PolicyDefinition[],
  isInGroup: IsInGroup,
): readonly DefinedOutage[] {
  return policies
    .flatMap(({ source, by }): DefinedOutage[] => {
      const { data: outage } = outageSchema.safeParse(source);
      return outage ? [{ outage, by, scope: [selectorOf(outage, isInGroup)] }] : [];
    })
    .toSorted((a, b) => (a.outage.name < b.outage.name ? -1 : 1));
}

/** By the first outage that the message falls into; null for one that falls into none. */
export function handleInOutage(
  outages: readonly DefinedOutage[],
  place: Place,
  epochMs: number,
): Handled | null {
  const found = outages.find(
    ({ outage: { from, until }, scope }) => from <= epochMs && epochMs < until && isInScope(scope, place),
  );
  if (found === undefined) return null;
  const { name, handling, until, because } = found.outage;
  const untilMs = handling === 'held' ? until : null;
  return { what: handling, untilMs, because: printable(`outage ${name}: ${because} (${found.by})`) };
}
