import { memo, type JSX } from 'react';
import type { Severity } from '../../../src/model/severity.ts';
import { texts } from '../texts.ts';

/** Each severity is told by word, shape and colour; any one of them is enough. */
const shapes: Readonly<Record<Severity, JSX.Element>> = {
  unknown: (
    <path
      d="M5.200 5.700c0-1.700 1.200-2.900 2.900-2.900 1.600 0 2.800 1 2.800 2.600 0 2.200-2.600 2.200-2.600 4.100m0 2.300v1.400"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.900"
      strokeLinecap="round"
    />
  ),
  normal: <circle cx="8" cy="8" r="4.700" />,
  warning: <path d="M8 2.600 14 13.200H2Z" />,
  minor: <path d="M8 1.800 14.200 8 8 14.200 1.800 8Z" />,
  major: <rect x="2.800" y="2.800" width="10.400" height="10.400" />,
  critical: (
    <path
      d="M4 4 12 12M12 4 4 12"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.600"
      strokeLinecap="round"
    />
  ),
};

export const SeverityShape = memo(({ severity }: { severity: Severity }) => (
  <svg className="shape" viewBox="0 0 16 16" aria-hidden="true" fill="currentColor">
    {shapes[severity]}
  </svg>
));

export const SeverityChip = memo(({ severity }: { severity: Severity }) => (
  <span className={`chip chip-${severity}`}>
    <SeverityShape severity={severity} />
    <span className="chip-word">{texts.severities[severity]}</span>
  </span>
));
