import type { JSX, ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

interface Props {
  readonly icon: IconName;
  readonly title: string;
  readonly hint?: string;
  readonly isFault?: boolean;
  /** What one may do about it. */
  readonly children?: ReactNode;
}

/** Where there is nothing to show: says which nothing it is, and what comes next. */
export function Blank({ icon, title, hint, isFault = false, children }: Props): JSX.Element {
  return (
    <div className={`blank ${isFault ? 'is-fault' : ''}`} role={isFault ? 'alert' : 'status'}>
      <Icon name={icon} />
      <p className="blank-title">{title}</p>
      {hint !== undefined && <p className="blank-hint">{hint}</p>}
      {children}
    </div>
  );
}
