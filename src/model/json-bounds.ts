const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

/** What a JSON text may hold before a parser sees it: a few hundred bytes that nest, or unfold, cost one seconds otherwise. */
export interface JsonBounds {
  /** How deep arrays and objects nest. */
  readonly depthMax: number;
  /** Arrays, objects, and whatever stands in them. */
  readonly valuesMax?: number;
}

/** Why a JSON text is not to be parsed, told from its bytes alone; null when it keeps the bounds. */
export function whyNotParsed(
  json: Uint8Array,
  { depthMax, valuesMax = Number.POSITIVE_INFINITY }: JsonBounds,
): string | null {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === quote) inString = !inString;
    else if (inString) at += byte === backslash ? 1 : 0;
    else if (byte === 0x7b || byte === 0x5b) {
      values += 1;
      if (++depth > depthMax) return `it nests deeper than ${depthMax} levels`;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
    else if (byte === comma) values += 1;
    if (values > valuesMax) return `it holds more than ${valuesMax} values`;
  }
  return null;
}
