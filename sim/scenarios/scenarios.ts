import { journalScenario } from './journal.ts';
import { poolScenario } from './pool.ts';
import type { Scenario } from './scenario.ts';
import { wholeScenario } from './whole.ts';

export const scenarios: readonly Scenario[] = [journalScenario, poolScenario, wholeScenario];
