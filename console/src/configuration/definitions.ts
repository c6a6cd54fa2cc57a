import { useCallback, useEffect, useState } from 'react';
import { configPageSchema, type ConfigPage } from '../../../src/model/config.ts';
import { textOf } from '../../../src/model/errors.ts';
import { ask } from '../api/api.ts';
import { door } from '../browser/door.ts';

const everyMs = 5_000;

export interface Definitions {
  readonly value: ConfigPage | null;
  readonly error: string | null;
  readonly refresh: () => void;
}

/** Everything that this person may configure, read again every few seconds while the page is looked at. */
export function useDefinitions(isAllowed: boolean): Definitions {
  const [state, setState] = useState<Omit<Definitions, 'refresh'>>({ value: null, error: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!isAllowed) return;
    const ending = new AbortController();
    const read = async (): Promise<void> => {
      try {
        const value = await readAll(ending.signal);
        setState({ value, error: null });
      } catch (error) {
        if (!ending.signal.aborted) setState((before) => ({ ...before, error: textOf(error) }));
      }
    };
    void read();
    const timer = door.every(everyMs, () => {
      if (document.visibilityState === 'visible') void read();
    });
    return () => {
      ending.abort();
      timer.cancel();
    };
  }, [isAllowed, round]);
  const refresh = useCallback(() => setRound((before) => before + 1), []);
  return { ...state, refresh };
}

async function readAll(signal: AbortSignal): Promise<ConfigPage> {
  const definitions: ConfigPage['definitions'] = [];
  for (let after: string | null = null; ;) {
    const query: string = after === null ? '' : `?after=${encodeURIComponent(after)}`;
    const page: ConfigPage = await ask(`/api/v1/config${query}`, configPageSchema, { signal });
    definitions.push(...page.definitions);
    if (page.next === null) return { ...page, definitions };
    after = page.next;
  }
}
