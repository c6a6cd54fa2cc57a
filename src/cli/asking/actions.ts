import type { ActionView, OutputPiece } from '../../model/action-api.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { ageText } from '../terminal/times.ts';

/** The place of a tool in the API. */
export function toolPath(name: string): string {
  return `/api/v1/tools/${encodeURIComponent(name)}`;
}

export function actionColumns(nowMs: number): Column<ActionView>[] {
  return [
    { title: 'ACTION', value: ({ id }) => id },
    { title: 'NODE', value: ({ nodeName }) => safeText(nodeName) },
    { title: 'TOOL', value: ({ tool }) => safeText(tool) },
    { title: 'ASKED', value: ({ askedMs }) => ageText(askedMs, nowMs), align: 'right' },
    { title: 'BY', value: ({ by }) => safeText(by) },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'WHY', value: ({ because }) => safeText(because) },
  ];
}

/** What a program printed, harmless to a terminal, its line breaks and tabs kept. */
export function outputText(text: string): string {
  return text
    .split('\n')
    .map((line) => line.split('\t').map(safeText).join('\t'))
    .join('\n');
}

/**
 * Prints pieces of output as whole lines, each behind the name of its node where there are several. A last line without an
 * end is printed with `end`.
 */
export class OutputLines {
  readonly #print: (stream: OutputPiece['stream'], line: string) => void;
  readonly #begun = new Map<string, string>();

  constructor(print: (stream: OutputPiece['stream'], line: string) => void) {
    this.#print = print;
  }

  add({ action, stream, text }: OutputPiece, prefix: string): void {
    const key = `${action} ${stream}`;
    const lines = ((this.#begun.get(key) ?? '') + text).split('\n');
    this.#begun.set(key, lines.pop() ?? '');
    for (const line of lines) this.#print(stream, prefix + outputText(line));
  }

  end(action: string, prefix: string): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#begun.get(`${action} ${stream}`) ?? '';
      if (rest !== '') this.#print(stream, prefix + outputText(rest));
      this.#begun.delete(`${action} ${stream}`);
    }
  }
}
