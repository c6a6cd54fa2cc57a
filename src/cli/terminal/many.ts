/** `1 node`, `3 nodes`. */
export function many(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** `1 node is`, `3 nodes are`. */
export function manyAre(count: number, word: string): string {
  return `${many(count, word)} ${count === 1 ? 'is' : 'are'}`;
}
