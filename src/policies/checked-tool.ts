import type { z } from 'zod';
import { textOf, WatchError } from '../model/errors.ts';
import { toolLimits, toolSchema, type Tool, type ToolParameter } from '../model/tool.ts';
import { depotNamesIn } from './depot-reference.ts';
import { compilePattern } from './pattern/compile-pattern.ts';
import { matchPattern } from './pattern/match-pattern.ts';

/** `${name}` in an argument. */
const placeholder = /\$\{([^{}]*)\}/g;

/** A tool with everything that its schema alone cannot see: its parameters fit its command, its defaults fit themselves. */
export const checkedToolSchema = toolSchema.superRefine((tool, context) => {
  checkPlaceholders(tool, context);
  for (const [name, parameter] of Object.entries(tool.parameters)) checkParameter(name, parameter, context);
});

/**
 * The program and its arguments with what was given, and what was given with the defaults. Whatever a value holds, it
 * stays within its argument. Errors: WK_BAD_REQUEST, with the parameter and what it may be; WK_TOO_LARGE.
 */
export function toolCommand(
  tool: Tool,
  given: Readonly<Record<string, string>>,
): { readonly command: [string, ...string[]]; readonly parameters: Record<string, string> } {
  const parameters: Record<string, string> = {};
  for (const name of Object.keys(given))
    if (!Object.hasOwn(tool.parameters, name))
      throw new WatchError('WK_BAD_REQUEST', `there is no parameter ${name}; ${namesText(tool)}`);
  for (const [name, parameter] of Object.entries(tool.parameters)) {
    const value = Object.hasOwn(given, name) ? given[name] : parameter.default?.toString();
    if (value === undefined)
      throw new WatchError('WK_BAD_REQUEST', `parameter ${name} is needed: ${parameterText(parameter)}`);
    const wrong = whyNotValue(parameter, value);
    if (wrong !== null) throw new WatchError('WK_BAD_REQUEST', `parameter ${name} ${wrong}`);
    parameters[name] = value;
  }
  const [program, ...words] = tool.command;
  const fill = (word: string): string =>
    word.replaceAll(placeholder, (_, name: string) => parameters[name] ?? '');
  const command: [string, ...string[]] = [program, ...words.map(fill)];
  const bytes = command.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
  if (bytes > toolLimits.commandBytesMax)
    throw new WatchError(
      'WK_TOO_LARGE',
      `the command would have ${bytes} bytes, and ${toolLimits.commandBytesMax} are allowed`,
    );
  return { command, parameters };
}

/** `text of at most 1024 characters`, `integer from 1 to 10`, `one of a, b`: what may be given. */
export function parameterText(parameter: ToolParameter): string {
  if (parameter.type === 'choice') return `one of ${parameter.values.join(', ')}`;
  if (parameter.type === 'text')
    return `text of at most ${parameter.charsMax} characters${parameter.match === undefined ? '' : ` that fits ${parameter.match}`}`;
  const { min, max } = parameter;
  return `integer${min === undefined ? '' : ` from ${min}`}${max === undefined ? '' : ` up to ${max}`}`;
}

function namesText({ parameters }: Tool): string {
  const names = Object.keys(parameters);
  return names.length === 0 ? 'this tool has none' : `there are: ${names.join(', ')}`;
}

/** Null when the parameter may be that. */
function whyNotValue(parameter: ToolParameter, value: string): string | null {
  if (value.includes('\0'))
    return 'holds a NUL character, which no argument of a program can hold; take it out';
  if (!value.isWellFormed()) return 'holds half a character (a lone surrogate); take it out';
  return fits(parameter, value) ? null : `has to be ${parameterText(parameter)}`;
}

function fits(parameter: ToolParameter, value: string): boolean {
  if (parameter.type === 'choice') return parameter.values.includes(value);
  if (parameter.type === 'integer') {
    const number = /^-?\d{1,15}$/.test(value) ? Number(value) : null;
    return number !== null && number >= (parameter.min ?? number) && number <= (parameter.max ?? number);
  }
  if (value.length > parameter.charsMax) return false;
  return (
    parameter.match === undefined ||
    matchPattern(compilePattern(whole(parameter.match), false), value) !== null
  );
}

/** `^` and `$` mean the ends of the text, never of a line in it. */
function whole(expression: string): string {
  return `^(?:${expression})$`;
}

function checkPlaceholders(tool: Tool, context: z.RefinementCtx): void {
  const [program, ...words] = tool.command;
  const names = words.flatMap((word) => [...word.matchAll(placeholder)].map(([, name = '']) => name));
  const issue = (path: (string | number)[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  if (program.includes('${'))
    issue(['command', 0], 'the program itself is fixed; parameters go into arguments');
  if (tool.user !== undefined && depotNamesIn(tool.command).length > 0)
    issue(
      ['user'],
      "files of the depot belong to the agent's own user, and nobody else can read them; leave it out",
    );
  for (const name of new Set(names))
    if (!Object.hasOwn(tool.parameters, name))
      issue(['command'], `uses \${${name}}, but there is no parameter ${name}`);
  for (const name of Object.keys(tool.parameters))
    if (!names.includes(name)) issue(['parameters', name], `stands nowhere in the command as \${${name}}`);
}

function checkParameter(name: string, parameter: ToolParameter, context: z.RefinementCtx): void {
  const issue = (message: string): void =>
    context.addIssue({ code: 'custom', path: ['parameters', name], message });
  if (parameter.type === 'text' && parameter.match !== undefined)
    try {
      compilePattern(whole(parameter.match), false);
    } catch (error) {
      return issue(`match: ${textOf(error)}`);
    }
  if (
    parameter.type === 'text' &&
    parameter.match !== undefined &&
    parameter.charsMax > toolLimits.matchedCharsMax
  )
    return issue(`with match at most ${toolLimits.matchedCharsMax} characters; give charsMax`);
  if (parameter.type === 'integer' && (parameter.min ?? 0) > (parameter.max ?? parameter.min ?? 0))
    return issue('min is above max');
  if (parameter.default === undefined) return;
  const wrong = whyNotValue(parameter, parameter.default.toString());
  if (wrong !== null) issue(`default ${wrong}`);
}
