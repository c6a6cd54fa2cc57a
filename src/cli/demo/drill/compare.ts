export interface Stored {
  readonly server: string;
  readonly messages: readonly { readonly id: string; readonly text: string }[];
}

export interface Comparison {
  /** Messages that an agent had accepted. */
  readonly sent: number;
  /** Of these, the ones that every server has. */
  readonly stored: number;
  /** Of these, the ones that at least one server lacks. */
  readonly lost: number;
  /** How many messages too many there are, all servers together: the same ID or the same text again. */
  readonly doubled: number;
  readonly servers: readonly { readonly name: string; readonly stored: number }[];
}

/** What was sent against what each server has. Each text was sent once, so a text that stands twice is doubled. */
export function compare(sent: ReadonlyMap<string, string>, stored: readonly Stored[]): Comparison {
  const missing = new Set<string>();
  let doubled = 0;
  const servers = stored.map(({ server, messages }) => {
    const ids = new Set(messages.map(({ id }) => id));
    const texts = new Set(messages.map(({ text }) => text));
    for (const id of sent.keys()) if (!ids.has(id)) missing.add(id);
    doubled += messages.length - Math.min(ids.size, texts.size);
    return { name: server, stored: [...sent.keys()].filter((id) => ids.has(id)).length };
  });
  if (stored.length === 0) for (const id of sent.keys()) missing.add(id);
  return { sent: sent.size, stored: sent.size - missing.size, lost: missing.size, doubled, servers };
}
