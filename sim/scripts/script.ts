/** One step of a script: what is done, and what it printed when somebody last looked at it and found it right. */
export interface Block {
  readonly commands: readonly string[];
  readonly expected: string;
}

export interface Script {
  /** The lines before the first block. */
  readonly heading: string;
  readonly blocks: readonly Block[];
}

const line = '----';

/**
 * A script is a heading of `#` lines, then blocks parted by empty lines: commands, a line `----`, and what they print.
 * Throws a RangeError for a block without that line.
 */
export function parseScript(text: string): Script {
  const [first = '', ...rest] = text.trim().split(/\n\n+/);
  const isHeading = first.split('\n').every((each) => each.startsWith('#'));
  const blocks = (isHeading ? rest : [first, ...rest]).map((block): Block => {
    const lines = block.split('\n');
    const at = lines.indexOf(line);
    if (at < 0) throw new RangeError(`a block without ${line}: ${block}`);
    return { commands: lines.slice(0, at), expected: lines.slice(at + 1).join('\n') };
  });
  return { heading: isHeading ? first : '', blocks };
}

/** The same script with what its blocks print now. */
export function scriptText({ heading, blocks }: Script, printed: readonly string[]): string {
  const parts = blocks.map(({ commands }, i) => [...commands, line, printed[i] ?? ''].join('\n').trimEnd());
  return `${[...(heading === '' ? [] : [heading]), ...parts].join('\n\n')}\n`;
}
