import { useEffect, useState } from 'react';
import {
  actionDetailSchema,
  actionPageSchema,
  type ActionView,
  type OutputPiece,
} from '../../../src/model/action-api.ts';
import { textOf } from '../../../src/model/errors.ts';
import { ask } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { live } from '../live/live-stream.ts';
import { withActions, withPieces } from './action-state.ts';

/** Of one request or of one message so many are shown; the counts are of these. */
export const actionsMax = 1_000;
/** Time alone makes an action unknown, which no event tells. */
const readAgainMs = 5_000;

export interface ActionsNow {
  /** Null until the first answer. */
  readonly actions: readonly ActionView[] | null;
  readonly isCut: boolean;
  readonly error: string | null;
}

/** The actions of a request or of a message, live. */
export function useActions(of: { readonly request: string } | { readonly message: string }): ActionsNow {
  const query = new URLSearchParams({ ...of, limit: String(actionsMax) }).toString();
  const [now, setNow] = useState<ActionsNow>({ actions: null, isCut: false, error: null });
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const parameters = new URLSearchParams(query);
    const isOurs = ({ request, message }: ActionView): boolean =>
      request === parameters.get('request') || (message !== null && message === parameters.get('message'));
    const add = (actions: readonly ActionView[], change: Partial<ActionsNow> = {}): void =>
      setNow((before) => ({ ...before, ...change, actions: withActions(before.actions ?? [], actions) }));
    const read = async (): Promise<void> => {
      try {
        const page = await ask(`/api/v1/actions?${query}`, actionPageSchema, { signal });
        if (!signal.aborted) add(page.actions, { isCut: page.next !== null, error: null });
      } catch (error) {
        if (!signal.aborted) setNow((before) => ({ ...before, error: textOf(error) }));
      }
    };
    setNow({ actions: null, isCut: false, error: null });
    void read();
    const again = door.every(readAgainMs, () => void read());
    const stop = live.listen({
      opened: () => void read(),
      event: (event) => {
        if (event.type === 'reset') void read();
        else if (event.type === 'actions' && event.actions.some(isOurs)) add(event.actions.filter(isOurs));
      },
    });
    return () => {
      stop();
      again.cancel();
      ending.abort();
    };
  }, [query]);
  return now;
}

/** What one action printed so far, live. */
export function useOutput(action: string): {
  readonly pieces: readonly OutputPiece[] | null;
  readonly error: string | null;
} {
  const [now, setNow] = useState<{ pieces: readonly OutputPiece[] | null; error: string | null }>({
    pieces: null,
    error: null,
  });
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const add = (news: readonly OutputPiece[]): void =>
      setNow((before) => ({ pieces: withPieces(before.pieces ?? [], news), error: null }));
    const read = async (): Promise<void> => {
      try {
        let last = 0;
        for (;;) {
          const path = `/api/v1/actions/${action}?after=${last}`;
          const { output } = await ask(path, actionDetailSchema, { signal });
          add(output);
          const next = output.at(-1)?.number ?? last;
          if (next === last) return;
          last = next;
        }
      } catch (error) {
        if (!signal.aborted) setNow((before) => ({ ...before, error: textOf(error) }));
      }
    };
    void read();
    const stop = live.listen({
      opened: () => void read(),
      event: (event) => {
        if (event.type === 'reset') void read();
        if (event.type === 'actions') add(event.output.filter((piece) => piece.action === action));
      },
    });
    return () => {
      stop();
      ending.abort();
    };
  }, [action]);
  return now;
}
