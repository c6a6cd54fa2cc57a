import { isMap, isNode, isScalar, LineCounter, parseDocument, stringify, type Document } from 'yaml';
import type { z } from 'zod';
import { WatchError } from '../model/errors.ts';
import { knownKeysAt, nearestTo } from './known-keys.ts';

/** No configuration of ours comes near this; a bigger file is a mistake (a log, a core) and is not parsed at all. */
export const yamlCharsMax = 1_048_576;

/** Aliases are allowed for convenience, but not so many that a small file grows into a big value. */
const aliasesMax = 100;

/**
 * The value of a YAML document that fits `schema`. WK_CONFIG otherwise, one line that a person can act on:
 * `FILE:LINE: key: reason`. Unknown keys are refused where the schema is strict.
 */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  path: string,
): z.output<Schema> {
  return readYaml(text, schema, path).data;
}

/** The same, and beside it the value as its author wrote it: without defaults, and with nothing transformed. */
export function readYaml<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  path: string,
): { readonly written: unknown; readonly data: z.output<Schema> } {
  if (text.length > yamlCharsMax)
    throw new WatchError('WK_CONFIG', `${path}: has more than ${yamlCharsMax} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault)
    throw new WatchError(
      'WK_CONFIG',
      `${path}:${lines.linePos(fault.pos[0]).line}: ${oneLine(fault.message)}`,
    );
  const written = valueOf(document, path);
  const result = schema.safeParse(written);
  if (result.success) return { written, data: result.data };
  throw new WatchError('WK_CONFIG', issueText(result.error, { document, lines, path, schema, written }));
}

/** A value as a YAML document that `parseYaml` reads back. */
export function yamlText(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false });
}

function valueOf(document: Document, path: string): unknown {
  try {
    // An empty file is an empty mapping, so that the first missing key is what gets named.
    return document.toJS({ maxAliasCount: aliasesMax }) ?? {};
  } catch (error) {
    throw new WatchError(
      'WK_CONFIG',
      `${path}: ${oneLine(error instanceof Error ? error.message : String(error))}`,
    );
  }
}

type Path = readonly PropertyKey[];

/**
 * Says one issue only: the others often follow from it, and a line is what a terminal shows best. A key that is missing is
 * often one that is written wrong, so an unknown one comes first.
 */
function issueText(error: z.ZodError, read: Read): string {
  const { document, lines, path } = read;
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0];
  if (!issue) return `${path}: is not valid`;
  const at: Path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const reason =
    issue.code === 'unrecognized_keys'
      ? unknownKeyText(read, issue.path, issue.keys[0] ?? '')
      : issue.code === 'invalid_type' && issue.input === undefined && missing(document, at)
        ? 'is missing'
        : oneLine(issue.message);
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : '';
  const where = `${path}:${lineOf(document, at, lines)}`;
  return at.length > 0 ? `${where}: ${keyText(at)}: ${reason}${more}` : `${where}: ${reason}${more}`;
}

interface Read {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly path: string;
  readonly schema: z.ZodType;
  readonly written: unknown;
}

const namedMax = 8;

function unknownKeyText({ schema, written }: Read, at: Path, key: string): string {
  const known = knownKeysAt(schema, written, at);
  const nearest = nearestTo(key, known);
  if (nearest !== null) return `is not a known key; did you mean ${nearest}?`;
  const few = known.length > 0 && known.length <= namedMax;
  return few ? `is not a known key; known are ${known.join(', ')}` : 'is not a known key';
}

function missing(document: Document, at: Path): boolean {
  return at.length > 0 && !document.hasIn(at);
}

/** The line of a key, or of the nearest thing around it that is in the file. */
function lineOf(document: Document, at: Path, lines: LineCounter): number {
  for (let depth = at.length; depth > 0; depth -= 1) {
    const offset = offsetOf(document, at.slice(0, depth));
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  const range = document.contents?.range;
  return range ? lines.linePos(range[0]).line : 1;
}

function offsetOf(document: Document, at: Path): number | undefined {
  const parent = at.length > 1 ? document.getIn(at.slice(0, -1), true) : document.contents;
  const last = at.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last));
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = document.getIn(at, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

function keyText(at: Path): string {
  return at
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
