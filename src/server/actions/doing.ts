import type { ActionOrder } from '../../model/action.ts';
import type { Message } from '../../model/message.ts';
import type { PolicyAction } from '../../model/policy-action.ts';
import { toolLimits, type Tool } from '../../model/tool.ts';
import { WatchError } from '../../model/errors.ts';
import { toolCommand } from '../../policies/checked-tool.ts';
import { fillFromMessage } from '../../policies/policy-actions.ts';

/** What an order has a node do, whoever asks for it and about what. */
export type Doing = Pick<
  ActionOrder,
  'tool' | 'parameters' | 'command' | 'user' | 'timeoutMs' | 'outputBytesMax'
>;

const commandTimeoutMs = 60_000;
const commandOutputBytes = 32_768;

/** Errors: WK_BAD_REQUEST, WK_TOO_LARGE (what is wrong with the parameters). */
export function toolDoing(name: string, tool: Tool, given: Readonly<Record<string, string>>): Doing {
  const { command, parameters } = toolCommand(tool, given);
  const { user = null, timeout: timeoutMs, outputMax: outputBytesMax } = tool;
  return { tool: name, parameters, command, user, timeoutMs, outputBytesMax };
}

/**
 * What a policy names, with what the message says in its place: however that looks, it stays within its argument.
 * `toolNamed` throws for a tool that cannot be run. Errors: the same, and its.
 */
export function policyDoing(
  { policy, action }: { readonly policy: string; readonly action: PolicyAction },
  { message, nodeName }: { readonly message: Message; readonly nodeName: string },
  toolNamed: (name: string) => Tool,
): Doing {
  const fill = (template: string): string => fillFromMessage(template, message, nodeName);
  const { tool, parameters = {}, command, user = null } = action;
  if (tool !== undefined) {
    const given = Object.entries(parameters).map(([name, template]) => [name, fill(template)] as const);
    return toolDoing(tool, toolNamed(tool), Object.fromEntries(given));
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
