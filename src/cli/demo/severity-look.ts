import type { Severity } from '../../model/severity.ts';
import type { Style } from './line.ts';

/** A severity is told three ways, so that it is read without colour as well: its word, a shape and a colour. */
export const severityLooks: Readonly<Record<Severity, { shape: string; style: Style }>> = {
  critical: { shape: '✖', style: 'bad' },
  major: { shape: '■', style: 'bad' },
  minor: { shape: '◆', style: 'notice' },
  warning: { shape: '▲', style: 'notice' },
  normal: { shape: '●', style: 'good' },
  unknown: { shape: '?', style: 'accent' },
};
