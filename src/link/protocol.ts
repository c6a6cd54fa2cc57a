import { protocolMax, protocolMin } from './messages.ts';

export interface ProtocolRange {
  readonly protocolMin: number;
  readonly protocolMax: number;
}

export const protocols: ProtocolRange = { protocolMin, protocolMax };

/** The newest protocol that both speak, or null. */
export function chooseProtocol(ours: ProtocolRange, theirs: ProtocolRange): number | null {
  const newest = Math.min(ours.protocolMax, theirs.protocolMax);
  return newest >= Math.max(ours.protocolMin, theirs.protocolMin) ? newest : null;
}
