/**
 * Whether the whole text fits the pattern: `*` is any text, `?` one character, everything else itself. In time
 * (pattern × text), whatever the pattern: only the last `*` is ever gone back to.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let starPlace = 0;
  while (place < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at++;
      starPlace = place;
    } else if (wanted === '?' || (wanted !== undefined && wanted === text[place])) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star + 1;
      place = ++starPlace;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
