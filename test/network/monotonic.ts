/** Milliseconds of the machine's monotonic clock: the same for every process, so that what several saw can be put in order. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
