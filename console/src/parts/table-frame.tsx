import type { JSX, ReactNode } from 'react';

interface Props {
  /** What the table is about. */
  readonly label: string;
  readonly children: ReactNode;
}

/** Around a table that may be wider than the window; it scrolls by keyboard too. */
export function TableFrame({ label, children }: Props): JSX.Element {
  return (
    <div className="table-frame" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
