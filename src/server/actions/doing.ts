import type { ActionOrder } from '../../model/action.ts';
import type { Message } from '../../model/message.ts';
import type { PolicyAction } from '../../model/policy-action.ts';
import { toolLimits, type Tool } from '../../model/tool.ts';
import { WatchError } from '../../model/errors.ts';
import type { DepotBytes } from '../../model/depot.ts';
import { toolCommand } from '../../policies/checked-tool.ts';
import { depotPlacesIn } from '../../policies/depot-reference.ts';
import { fillFromMessage } from '../../policies/policy-actions.ts';

/** What an order has a node do, whoever asks for it and about what. */
export type Doing = Pick<
  ActionOrder,
  'tool' | 'parameters' | 'command' | 'user' | 'timeoutMs' | 'outputBytesMax' | 'depot'
>;

/** What can be run; each throws for what is not there. */
export interface Runnable {
  tool(name: string): Tool;
  depotFile(name: string): DepotBytes;
}

const commandTimeoutMs = 60_000;
const commandOutputBytes = 32_768;

/** Errors: WK_NOT_FOUND, WK_CONFLICT (the tool, its files), WK_BAD_REQUEST, WK_TOO_LARGE (what is wrong with the parameters). */
export function toolDoing(name: string, runnable: Runnable, given: Readonly<Record<string, string>>): Doing {
  const tool = runnable.tool(name);
  const depot = depotPlacesIn(tool.command).map((one) => ({ ...one, ...runnable.depotFile(one.name) }));
  const { command, parameters } = toolCommand(tool, given);
  const { user = null, timeout: timeoutMs, outputMax: outputBytesMax } = tool;
  const doing = { tool: name, parameters, command, user, timeoutMs, outputBytesMax };
  return depot.length === 0 ? doing : { ...doing, depot };
}

/**
 * What a policy names, with what the message says in its place: however that looks, it stays within its argument.
 * Errors: the same.
 */
export function policyDoing(
  { policy, action }: { readonly policy: string; readonly action: PolicyAction },
  { message, nodeName }: { readonly message: Message; readonly nodeName: string },
  runnable: Runnable,
): Doing {
  const fill = (template: string): string => fillFromMessage(template, message, nodeName);
  const { tool, parameters = {}, command, user = null } = action;
  if (tool !== undefined) {
    const given = Object.entries(parameters).map(([name, template]) => [name, fill(template)] as const);
    return toolDoing(tool, runnable, Object.fromEntries(given));
  }
  if (command === undefined)
    throw new WatchError('WK_BAD_REQUEST', 'the policy names neither tool nor command');
  const [program, ...words] = command;
  const filled: Doing['command'] = [program, ...words.map(fill)];
  const bytes = filled.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
  if (bytes > toolLimits.commandBytesMax)
    throw new WatchError(
      'WK_TOO_LARGE',
      `the command would have ${bytes} bytes, and ${toolLimits.commandBytesMax} are allowed`,
    );
  const { timeout: timeoutMs = commandTimeoutMs, outputMax: outputBytesMax = commandOutputBytes } = action;
  return { tool: policy, parameters: {}, command: filled, user, timeoutMs, outputBytesMax };
}
