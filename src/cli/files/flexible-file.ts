import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { policyCharsMax } from '../../flexible-management/parse-policy.ts';
import { readPolicy, type PolicyKind } from '../../flexible-management/check-policy.ts';
import { findingText, type Finding } from '../../flexible-management/finding.ts';
import type { FlexiblePolicy } from '../../flexible-management/syntax.ts';
import { nameSchema } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { note } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';

export const kindOption = new Option('--kind <KIND>', 'who reads a policy of flexible management')
  .choices(['agent', 'server'] as const)
  .default('agent' as const);

/** A file, or standard input for `-`. WK_TOO_LARGE, WK_NOT_FOUND, WK_DENIED. */
export async function readFileOrInput(cli: Cli, file: string): Promise<string> {
  if (file === '-') return await cli.readInput();
  const { files } = await cli.runtime();
  return await files.readText(resolvePath(cli, file), policyCharsMax * 4);
}

/** The policy of a file; WK_CONFIG with its first error, and the others as notes. Warnings are notes too. */
export async function readFlexibleFile(cli: Cli, file: string, kind: PolicyKind): Promise<FlexiblePolicy> {
  const { policy, findings } = readPolicy(await readFileOrInput(cli, file), kind);
  const [first, ...others] = findings.filter(({ level }) => level === 'error');
  const told = policy === null ? others : findings;
  for (const one of told) note(cli, lineOf(file, one));
  if (policy === null)
    throw new WatchError('WK_CONFIG', first ? `${file}: ${findingText(first)}` : undefined);
  return policy;
}

/** `FILE: warning: line 3, column 1: …`. */
export function lineOf(file: string, finding: Finding): string {
  return `${file}: ${finding.level}: ${findingText(finding)}`;
}

/** `NAME=true`, any number of times. */
export function collectVariable(
  text: string,
  before: Readonly<Record<string, boolean>> = {},
): Record<string, boolean> {
  const [, name, value] = /^(.+)=(true|false)$/i.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('It must be NAME=true or NAME=false.');
  return { ...before, [name]: value.toLowerCase() === 'true' };
}

/** A text of flexible management as the policy that it becomes, named after its file. */
export async function readFlexibleSource(
  cli: Cli,
  file: string,
  kind: PolicyKind,
): Promise<{ readonly name: string; readonly kind: string; readonly text: string }> {
  const base = file.split('/').at(-1) ?? file;
  const name = nameSchema.safeParse(base.replace(/\.[^.]*$/, ''));
  if (!name.success)
    throw new WatchError('WK_BAD_REQUEST', `${file}: a policy cannot be called like this file; rename it`);
  await readFlexibleFile(cli, file, kind);
  const policyKind = kind === 'agent' ? 'flexible-management' : 'server-flexible-management';
  return { kind: policyKind, name: name.data, text: await readFileOrInput(cli, file) };
}
