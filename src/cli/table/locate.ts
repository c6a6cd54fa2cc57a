/** What a command line asks for: the command's words, and its arguments with everything else behind them. */
export interface Located {
  /** Null when the words name no command (none, a group alone, a typing error, a plain `--help`). */
  readonly path: readonly string[] | null;
  readonly args: readonly string[];
}

/**
 * Finds the command in a command line, so that only its file has to be loaded, and moves options that stand before
 * it behind it: `--json message --server URL list x` means `message list --json --server URL x`.
 * `help message list` means `message list --help`. `valued` are the options that take the next word.
 */
export function locate(
  args: readonly string[],
  paths: readonly (readonly string[])[],
  valued: ReadonlySet<string>,
): Located {
  if (args[0] === 'help') return locate([...args.slice(1), '--help'], paths, valued);
  const words: string[] = [];
  const moved: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') break;
    if (arg.startsWith('-') && arg !== '-') {
      moved.push(arg);
      if (valued.has(arg) && at + 1 < args.length) moved.push(args[++at] ?? '');
      continue;
    }
    words.push(arg);
    if (paths.some((path) => same(path, words)))
      return { path: words, args: [...words, ...moved, ...args.slice(at + 1)] };
    if (!paths.some((path) => same(path.slice(0, words.length), words))) break;
  }
  return { path: null, args };
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at]);
}
