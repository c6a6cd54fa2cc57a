import type { JSX } from 'react';

const paths = {
  stack: 'M2.500 5.500 8 2.500l5.500 3L8 8.500ZM2.500 8 8 11l5.500-3M2.500 10.500 8 13.500l5.500-3',
  run: 'M2.500 3.500h11v9h-11ZM5 6.500 7 8.200 5 10M8.500 10.200H11',
  check: 'M3.500 8.500 6.500 11.500 12.500 4.500',
  undo: 'M5.500 3.500 2.500 6.500 5.500 9.500M2.500 6.500H10a3.500 3.500 0 0 1 0 7H7',
  person:
    'M8 8.200a2.700 2.700 0 1 0 0-5.400 2.700 2.700 0 0 0 0 5.400ZM3 13.500c.4-2.600 2.400-3.800 5-3.800s4.600 1.200 5 3.800',
  leave: 'M6.500 3H3.500v10h3M7 8h6M10.500 5 13.500 8l-3 3',
  note: 'M3 3h10v7l-3 3H3ZM10 13v-3h3',
  close: 'M4 4 12 12M12 4 4 12',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM10.500 10.500l3 3',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  play: 'M5 3.200v9.600L12.500 8Z',
  down: 'M4 6 8 10 12 6',
  up: 'M8 12.500V4M4.500 7 8 3.500 11.500 7',
  link: 'M6.500 9.500 9.500 6.500M7 4.500l1.300-1.300a3 3 0 0 1 4.300 4.300L11.300 8.800M9 11.500l-1.300 1.300a3 3 0 0 1-4.300-4.300L4.700 7.200',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.800V8l2.300 1.500',
  display: 'M2.500 4.500h6m3 0h2M2.500 8h2m3 0h6M2.500 11.500h7m3 0h1M10 3v3M6 6.500v3M11 10v3',
  save: 'M8 2.500v7M5 7 8 10 11 7M3 11v2.500h10V11',
  pin: 'M8 9.500V14M5 9.500h6L9.800 7V3H6.200v4Z',
  move: 'M2.500 8h11M10 4.500 13.500 8 10 11.500',
  alert: 'M8 2.500 14 13.500H2ZM8 6.500v3.200M8 11.400v.4',
} as const;

export type IconName = keyof typeof paths;

/** A picture beside words, or on a button that has its words as a label; never the only way to say something. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
