const words = ['primary', 'secondary', 'third', 'fourth', 'fifth'];

/** What operators call the server of that configured rank; 1 is the primary. */
export function rankText(rank: number): string {
  return words[rank - 1] ?? `${rank}th`;
}
