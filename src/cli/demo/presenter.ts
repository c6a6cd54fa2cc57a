import type { Output } from '../cli.ts';
import type { DemoView } from './demo-view.ts';
import { picture } from './picture.ts';
import { plainLines } from './plain-lines.ts';
import { Screen } from './screen.ts';

/** Shows view after view: as a picture redrawn in place, or as plain lines of what changed. */
export interface Presenter {
  show(view: DemoView): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

export function makePresenter(output: Output, colour: boolean): Presenter {
  return output.isTerminal ? onTerminal(output, colour) : inLines(output);
}

function onTerminal(output: Output, colour: boolean): Presenter {
  const screen = new Screen(output, colour);
  return {
    show: (view) => screen.show(picture(view, screen.rows, screen.columns)),
    close: () => screen.close(),
  };
}

function inLines(output: Output): Presenter {
  let before: DemoView | null = null;
  return {
    show: (view) => {
      for (const line of plainLines(before, view)) output.write(`${line}\n`);
      before = view;
    },
    close: () => undefined,
  };
}
