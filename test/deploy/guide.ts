import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../runner/run-program.ts';

/** The commands under one heading of a guide, without `sudo` and the prompts of a shell, one string each. */
export function commandsUnder(guide: string, heading: string): string[] {
  const text = readFileSync(path.join(root, 'docs', guide), 'utf8');
  const section = text.split(/^## /m).find((one) => one.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/${guide} has no part that is called ${heading}`);
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
  return blocks
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim().replace(/^sudo /, ''))
    .filter((line) => line !== '');
}
