import type { MessageFilter } from '../model/api.ts';
import { severities, severityRank } from '../model/severity.ts';

/**
 * Which slices of the filter index a message sets, and which a filter asks for. A slice is one yes-or-no question about
 * every message of a segment, one bit each: "has a trigram of its text that hashes to 17", "is critical". Hashed slices
 * can say yes wrongly, never no wrongly, so what they let through is checked against the row.
 */
const textSlices = 512;
const hashedSlices = 64;
const severityStart = textSlices;
export const acknowledgedSlice = severityStart + severities.length;
const groupStart = acknowledgedSlice + 1;
const nodeStart = groupStart + hashedSlices;
const keyStart = nodeStart + hashedSlices;
export const sliceCount = keyStart + hashedSlices;

/** More trigrams than this find hardly anything less wrong. */
const trigramsAskedMax = 12;
const trigramChars = 3;

/** Upper case, since the lower case of a Greek sigma depends on what follows it. */
export function foldCase(text: string): string {
  return text.toUpperCase();
}

function trigramSlice(a: number, b: number, c: number): number {
  const mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae3d);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 23;
}

/** Bits of the set of all single letters and pairs that occur in the texts of a segment. */
export const gramBits = 16_384;

function gramBit(a: number, b: number): number {
  const mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 18;
}

/**
 * Sets the bits of the text: `bits` holds slice after slice, `sliceBytes` long each; `grams` is the segment's set of
 * letters and pairs, for searches too short to have a trigram.
 */
export function setTextBits(
  bits: Uint8Array,
  grams: Uint8Array,
  sliceBytes: number,
  place: number,
  text: string,
): void {
  const folded = foldCase(text);
  const byte = place >>> 3;
  const bit = 1 << (place & 7);
  let a = 0;
  let b = 0;
  for (let index = 0; index < folded.length; index++) {
    const c = folded.charCodeAt(index);
    if (index > 1) {
      const at = trigramSlice(a, b, c) * sliceBytes + byte;
      bits[at] = (bits[at] ?? 0) | bit;
    }
    setBit(grams, gramBit(c, 0));
    if (index > 0) setBit(grams, gramBit(b, c));
    a = b;
    b = c;
  }
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7));
}

/** The bit that must be in a segment's set for a text of one or two letters to occur there. */
function gramOf(text: string): number | null {
  const folded = foldCase(text);
  if (folded.length === 0 || folded.length >= trigramChars) return null;
  return folded.length === 1
    ? gramBit(folded.charCodeAt(0), 0)
    : gramBit(folded.charCodeAt(0), folded.charCodeAt(1));
}

/** Empty for a text too short to have a trigram. */
function slicesOfText(text: string): number[] {
  const folded = foldCase(text);
  const slices = new Set<number>();
  for (let index = 2; index < folded.length; index++)
    slices.add(
      trigramSlice(folded.charCodeAt(index - 2), folded.charCodeAt(index - 1), folded.charCodeAt(index)),
    );
  return [...slices].slice(0, trigramsAskedMax);
}

export function severitySlice(rank: number): number {
  return severityStart + rank;
}

export function groupSlices(group: string): readonly [number, number] {
  return pair(groupStart, hashOf(group));
}

export function keySlices(key: string): readonly [number, number] {
  return pair(keyStart, hashOf(key));
}

export function nodeSlices(node: number): readonly [number, number] {
  return pair(nodeStart, Math.imul(node, 0x9e3779b1) >>> 0);
}

/** A message passes when each of `all` has a bit set in at least one of its slices, and `none` has no bit set. */
export interface SliceTerms {
  readonly all: readonly (readonly number[])[];
  readonly none: readonly number[];
  /** Where not null: a bit that the set of the segment's letters and pairs must have. */
  readonly gram: number | null;
}

/** `nodes`: the numbers of the nodes that the filter names, or null when it names none. */
export function termsOf(filter: MessageFilter, nodes: readonly number[] | null): SliceTerms {
  const all: (readonly number[])[] = [];
  const ask = (slices: readonly number[]): void => slices.forEach((slice) => all.push([slice]));
  if (filter.group !== undefined) ask(groupSlices(filter.group));
  if (filter.key !== undefined) ask(keySlices(filter.key));
  const [node] = nodes ?? [];
  if (nodes?.length === 1 && node !== undefined) ask(nodeSlices(node));
  if (filter.text !== undefined) ask(slicesOfText(filter.text));
  const ranks = ranksOf(filter);
  if (ranks.length < severities.length) all.push(ranks.map(severitySlice));
  if (filter.state === 'acknowledged') ask([acknowledgedSlice]);
  const gram = filter.text === undefined ? null : gramOf(filter.text);
  return { all, none: filter.state === 'open' ? [acknowledgedSlice] : [], gram };
}

export function ranksOf(filter: MessageFilter): number[] {
  const least = filter.severity === undefined ? 0 : severityRank(filter.severity);
  return severities
    .map((severity, rank) => ({ severity, rank }))
    .filter(({ severity, rank }) => rank >= least && (filter.severities?.includes(severity) ?? true))
    .map(({ rank }) => rank);
}

function pair(start: number, hash: number): readonly [number, number] {
  return [start + (hash % hashedSlices), start + ((hash >>> 8) % hashedSlices)];
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
}
