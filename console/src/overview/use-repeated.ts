import { useEffect, useEffectEvent, useState } from 'react';
import { textOf } from '../../../src/model/errors.ts';
import { door } from '../browser/door.ts';

const everyMs = 10_000;

export interface Repeated<T> {
  /** The last answer; null before the first. */
  readonly value: T | null;
  /** Why there is none yet. While nobody answers, the banner says so and what was read before stays. */
  readonly error: string | null;
}

/** The answer to a question that is asked again every ten seconds, and at once when the key is another. */
export function useRepeated<T>(key: string, question: () => Promise<T>): Repeated<T> {
  const [state, setState] = useState<Repeated<T>>({ value: null, error: null });
  const put = useEffectEvent(question);
  useEffect(() => {
    let isOver = false;
    let isAsking = false;
    const read = async (): Promise<void> => {
      if (isAsking || document.visibilityState === 'hidden') return;
      isAsking = true;
      try {
        const value = await put();
        if (!isOver) setState({ value, error: null });
      } catch (error) {
        if (!isOver) setState((before) => ({ ...before, error: textOf(error) }));
      } finally {
        isAsking = false;
      }
    };
    void read();
    const timer = door.every(everyMs, () => void read());
    return () => {
      isOver = true;
      timer.cancel();
    };
  }, [key]);
  return state;
}
