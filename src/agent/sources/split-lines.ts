/** One line of a file: its bytes without the line break, and where in what was read the next one begins. */
export interface FileLine {
  readonly bytes: Uint8Array;
  /** Longer than is read of a line; the rest is passed over. */
  readonly cut: boolean;
  readonly end: number;
}

export interface Split {
  readonly lines: readonly FileLine[];
  /** Bytes that need not be read again. What is beyond is the beginning of a line that is not complete. */
  readonly consumed: number;
  /** Inside a line that was cut: everything up to the next line break is passed over. */
  readonly skipping: boolean;
}

const lineFeed = 10;
const carriageReturn = 13;

/**
 * Splits what was read at the beginning of a line, or inside one that was cut. `atEnd`: nothing will follow, so
 * that the last line is complete without its line break. At most `lineBytesMax` bytes are ever held back.
 */
export function splitLines(
  bytes: Uint8Array,
  lineBytesMax: number,
  skipping: boolean,
  atEnd: boolean,
): Split {
  const lines: FileLine[] = [];
  let from = 0;
  let isSkipping = skipping;
  for (;;) {
    const found = bytes.indexOf(lineFeed, from);
    const complete = found !== -1 || (atEnd && from < bytes.length);
    const to = found === -1 ? bytes.length : found;
    const end = found === -1 ? bytes.length : found + 1;
    if (isSkipping) {
      if (found === -1) return { lines, consumed: bytes.length, skipping: !atEnd };
      isSkipping = false;
    } else if (to - from > lineBytesMax) {
      isSkipping = found === -1 && !atEnd;
      lines.push({ bytes: bytes.subarray(from, from + lineBytesMax), cut: true, end });
    } else if (complete) lines.push({ bytes: withoutReturn(bytes.subarray(from, to)), cut: false, end });
    else return { lines, consumed: from, skipping: false };
    from = end;
    if (from >= bytes.length) return { lines, consumed: from, skipping: isSkipping };
  }
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
}
