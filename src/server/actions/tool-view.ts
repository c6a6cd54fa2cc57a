import type { ToolDetail } from '../../model/action-api.ts';
import type { Tool, ToolDefinition } from '../../model/tool.ts';
import { checkedToolSchema } from '../../policies/checked-tool.ts';

/** Null for one that a newer version wrote: this one cannot run it. */
export function toolOf({ source }: ToolDefinition): Tool | null {
  return checkedToolSchema.safeParse(source).data ?? null;
}

/** A tool as the API shows it; none for what this version cannot read. */
export function toolViews(definition: ToolDefinition, revision: number): ToolDetail[] {
  const tool = toolOf(definition);
  if (tool === null) return [];
  const { name, changedMs, by, source } = definition;
  return [
    {
      name,
      description: tool.description ?? null,
      command: [...tool.command],
      parameters: tool.parameters,
      user: tool.user ?? null,
      timeoutMs: tool.timeout,
      outputBytesMax: tool.outputMax,
      revision,
      changedMs,
      by,
      source,
    },
  ];
}
