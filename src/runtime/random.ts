export interface Random {
  bytes(count: number): Uint8Array;
  /** A whole number from 0 up to but not including `maxExclusive`. */
  int(maxExclusive: number): number;
}
