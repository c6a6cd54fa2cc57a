import { InvalidArgumentError } from '@commander-js/extra-typings';
import { differenceText } from '../../definitions/canonical.ts';
import type { ConfigPlan, PlannedChange } from '../../definitions/plan-config.ts';
import {
  configAnswerSchema,
  configPageSchema,
  definitionKinds,
  definitionRevisionSchema,
  placeText,
  type ConfigPage,
  type ConfigRequest,
  type DefinitionKind,
  type DefinitionPlace,
  type DefinitionRevision,
} from '../../model/config.ts';
import { nearestTo } from '../../runtime/known-keys.ts';
import type { Cli } from '../cli.ts';
import type { PoolClient } from './pool-client.ts';
import { note } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Style } from '../terminal/style.ts';

/** Every definition that whoever asks has a right to. */
export async function readConfig(client: PoolClient): Promise<Omit<ConfigPage, 'next'>> {
  const definitions: ConfigPage['definitions'] = [];
  for (let after: string | undefined; ;) {
    const page = await client.ask({ path: '/api/v1/config', query: { after } }, configPageSchema);
    definitions.push(...page.definitions);
    if (page.next === null) return { ...page, definitions };
    after = page.next;
  }
}

export async function changeConfig(client: PoolClient, body: ConfigRequest): Promise<number> {
  const question = { method: 'POST', path: '/api/v1/config', body, once: true } as const;
  return (await client.ask(question, configAnswerSchema)).revision;
}

export function readDefinition(
  client: PoolClient,
  { kind, name }: DefinitionPlace,
  revision?: number,
): Promise<DefinitionRevision> {
  const query = { kind, name, ...(revision !== undefined && { revision }) };
  return client.ask({ path: '/api/v1/config/definition', query }, definitionRevisionSchema);
}

/** Kinds that were not looked at, for the person. */
export function noteLeftOut(cli: Cli, leftOut: readonly DefinitionKind[]): void {
  if (leftOut.length > 0) note(cli, `left out, since you have no right to administer: ${leftOut.join(', ')}`);
}

export function kindOption(text: string): DefinitionKind {
  const kind = definitionKinds.find((one) => one === text);
  if (kind !== undefined) return kind;
  const nearest = nearestTo(text, definitionKinds);
  throw new InvalidArgumentError(
    nearest === null
      ? `Kinds are ${definitionKinds.join(', ')}.`
      : `There is no kind ${text}; did you mean ${nearest}?`,
  );
}

/** `policy/disk`, `role/virtual-interface/front`. */
export function placeOption(text: string): DefinitionPlace {
  const at = text.indexOf('/');
  if (at < 1 || at === text.length - 1)
    throw new InvalidArgumentError('It must be KIND/NAME, like policy/disk.');
  return { kind: kindOption(text.slice(0, at)), name: text.slice(at + 1) };
}

export function revisionOption(text: string): number {
  if (/^[1-9]\d{0,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number that `config history` shows.');
}

const shownMax = 100;
const differencesMax = 5;
const colors = { create: 'green', change: 'yellow', remove: 'redBright' } as const;

/** What a plan would do, a line each. */
export function printPlan(cli: Cli, { changes, unchanged }: ConfigPlan, style: Style): void {
  for (const change of changes.slice(0, shownMax)) printChange(cli, change, style);
  if (changes.length > shownMax)
    cli.stdout.write(`… and ${changes.length - shownMax} more (--json has all)\n`);
  const count = (what: PlannedChange['what']): number => changes.filter((one) => one.what === what).length;
  cli.stdout.write(
    `${count('create')} to create, ${count('change')} to change, ${count('remove')} to remove, ${unchanged} unchanged\n`,
  );
}

function printChange(cli: Cli, change: PlannedChange, style: Style): void {
  cli.stdout.write(`${style.paint(colors[change.what], change.what)}  ${placeText(change)}\n`);
  for (const one of change.differences.slice(0, differencesMax))
    cli.stdout.write(`        ${safeText(differenceText(one))}\n`);
  const more = change.differences.length - differencesMax;
  if (more > 0) cli.stdout.write(`        … and ${more} more\n`);
}

/** A plan as it is printed for programs; null stands for what is not there. */
export function planDocument({ changes, unchanged }: ConfigPlan) {
  return {
    changes: changes.map(({ kind, name, what, differences }) => ({
      kind,
      name,
      what,
      differences: differences.map(({ path, before = null, after = null }) => ({ path, before, after })),
    })),
    unchanged,
  };
}
