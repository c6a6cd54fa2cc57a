import { useEffect, useEffectEvent, useState } from 'react';
import { door } from '../browser/door.ts';

const everyMs = 10_000;

/** The last answer to a question that is asked again every ten seconds; null before the first. */
export function useRepeated<T>(question: () => Promise<T>): T | null {
  const [value, setValue] = useState<T | null>(null);
  const put = useEffectEvent(question);
  useEffect(() => {
    let isOver = false;
    const read = async (): Promise<void> => {
      const answer = await put();
      if (!isOver) setValue(() => answer);
    };
    // While nobody answers, the banner says so and what was read before stays.
    const repeat = (): void => void read().catch(() => undefined);
    repeat();
    const timer = door.every(everyMs, repeat);
    return () => {
      isOver = true;
      timer.cancel();
    };
  }, []);
  return value;
}
