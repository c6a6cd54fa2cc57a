import type { JSX, ReactNode } from 'react';
import type { Polled } from '../api/polled.ts';
import { Blank } from '../parts/blank.tsx';
import { texts } from '../texts.ts';

interface Props<T> {
  readonly answer: Polled<T>;
  readonly children: (value: T) => ReactNode;
}

/** What was answered; until then that it is being asked for, or why there is no answer. */
export function Panel<T>({ answer: { value, error }, children }: Props<T>): JSX.Element {
  if (value !== null) return <>{children(value)}</>;
  return error === null ? (
    <Blank icon="search" title={texts.loading} />
  ) : (
    <Blank icon="alert" title={texts.access.failed(error)} isFault />
  );
}
