import { useSyncExternalStore } from 'react';

/** As styles/messages.css has it: two lines a message on a narrow screen, one on any other. */
const narrow = window.matchMedia('(max-width: 760px)');

export function useRowHeight(): number {
  return useSyncExternalStore(
    (listener) => {
      narrow.addEventListener('change', listener);
      return () => narrow.removeEventListener('change', listener);
    },
    () => (narrow.matches ? 56 : 32),
  );
}
