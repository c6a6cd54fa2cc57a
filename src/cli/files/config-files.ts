import { z } from 'zod';
import { canonical, isSameContent, type Content } from '../../definitions/canonical.ts';
import { codecOf, contentSchema } from '../../definitions/config-kinds.ts';
import type { Wanted } from '../../definitions/plan-config.ts';
import {
  definitionFolders,
  definitionKinds,
  definitionNameSchema,
  placeText,
  type DefinitionKind,
  type DefinitionPlace,
} from '../../model/config.ts';
import { depotFileContentSchema } from '../../model/depot.ts';
import { textOf, WatchError, type ErrorCode } from '../../model/errors.ts';
import type { Files } from '../../runtime/files.ts';
import { nearestTo } from '../../runtime/known-keys.ts';
import { readYamlFile, readYamlSource } from '../../runtime/yaml-file.ts';
import { yamlText } from '../../runtime/yaml.ts';
import { readLocalFile } from '../asking/depot.ts';

/** Says of which kinds the folder holds everything there is. */
const manifestName = 'watchkeeper.yaml';
const manifestSchema = z.strictObject({ version: z.literal(1), kinds: z.array(z.enum(definitionKinds)) });

const atOnce = 32;
const filesMax = 200_000;
const ending = /\.ya?ml$/;

export interface ConfigFolder {
  readonly wanted: readonly (Wanted & { readonly file: string })[];
  /** Null where there is no manifest. */
  readonly kinds: readonly DefinitionKind[] | null;
}

/** Errors: WK_NOT_FOUND (no folder), WK_CONFIG (what is wrong in which file; `onFault` is told of each). */
export async function readConfigFolder(
  files: Files,
  folder: string,
  onFault: (text: string) => void,
): Promise<ConfigFolder> {
  if ((await files.status(folder))?.kind !== 'directory')
    throw new WatchError('WK_NOT_FOUND', `${folder}: there is no such folder`);
  const found = await placesIn(files, folder);
  const manifest = `${folder}/${manifestName}`;
  const kinds =
    (await files.status(manifest)) === null
      ? null
      : (await readYamlFile(files, manifest, manifestSchema)).kinds;
  const faults: string[] = [];
  const read = await eachOf(found, (place) =>
    readOne(files, place).catch((error: unknown) => {
      faults.push(textOf(error));
      return null;
    }),
  );
  const [first, ...others] = faults.toSorted();
  if (first === undefined) return { wanted: read.filter((one) => one !== null), kinds };
  if (others.length === 0) throw new WatchError('WK_CONFIG', first);
  for (const fault of [first, ...others]) onFault(fault);
  throw new WatchError('WK_CONFIG', `${others.length + 1} files in ${folder} are wrong; nothing was done`);
}

type Place = DefinitionPlace & { readonly file: string };

async function readOne(
  files: Files,
  { kind, name, file }: Place,
): Promise<Wanted & { readonly file: string }> {
  if (kind === 'depot-file') {
    const { bytes: _, ...content } = await readLocalFile(files, file);
    return { kind, name, file, content };
  }
  const { written } = await readYamlSource(files, file, contentSchema({ kind, name }));
  const content = z.record(z.string(), z.unknown()).parse(written);
  if (kind === 'policy' && content['name'] !== name)
    throw new WatchError(
      'WK_CONFIG',
      `${file}: the policy calls itself ${String(content['name'])}, not ${name}`,
    );
  return { kind, name, file, content };
}

/** Every file of a definition, in the order of kinds and names. */
async function placesIn(files: Files, folder: string): Promise<Place[]> {
  const folders = definitionKinds.map((kind) => definitionFolders[kind]);
  for (const name of await files.list(folder)) {
    if (name.startsWith('.') || folders.includes(name) || name === manifestName) continue;
    await assertForeign(files, `${folder}/${name}`, nearestTo(name, folders));
  }
  const places: Place[] = [];
  for (const kind of definitionKinds) {
    const path = `${folder}/${definitionFolders[kind]}`;
    if (await files.status(path)) places.push(...(await filesBelow(files, path, kind, '')));
    if (places.length > filesMax)
      throw new WatchError('WK_CONFIG', `${folder}: has more than ${filesMax} files`);
  }
  const doubled = places.find((one, at) => at > 0 && placeText(one) === placeText(places[at - 1] ?? one));
  if (doubled) throw new WatchError('WK_CONFIG', `${doubled.file}: ${placeText(doubled)} has two files`);
  return places;
}

async function filesBelow(
  files: Files,
  path: string,
  kind: DefinitionKind,
  before: string,
): Promise<Place[]> {
  const places: Place[] = [];
  for (const entry of await files.list(path)) {
    const file = `${path}/${entry}`;
    if (entry.startsWith('.')) continue;
    if (kind === 'depot-file') {
      if ((await files.status(file))?.kind === 'directory')
        throw new WatchError('WK_CONFIG', `${file}: is a folder, and the depot has files only`);
      places.push({ kind, name: nameIn(file, entry), file });
      continue;
    }
    if (!ending.test(entry)) {
      const isFolder = (await files.status(file))?.kind === 'directory';
      if (isFolder && before === '') places.push(...(await filesBelow(files, file, kind, `${entry}/`)));
      continue;
    }
    places.push({ kind, name: nameIn(file, before + entry.replace(ending, '')), file });
  }
  return places.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function nameIn(file: string, text: string): string {
  const name = definitionNameSchema.safeParse(text);
  if (name.success) return name.data;
  throw new WatchError('WK_CONFIG', `${file}: its name ${name.error.issues[0]?.message}`);
}

/** A folder of definitions under a wrong name would look as if all of them were gone. */
async function assertForeign(files: Files, path: string, nearest: string | null): Promise<void> {
  if ((await files.status(path))?.kind !== 'directory') return;
  if (!(await files.list(path)).some((name) => ending.test(name))) return;
  const hint =
    nearest === null
      ? `known are ${Object.values(definitionFolders).join(', ')}`
      : `did you mean ${nearest}?`;
  throw new WatchError('WK_CONFIG', `${path}: is no folder of definitions; ${hint}`);
}

export interface Exported {
  readonly written: number;
  readonly unchanged: number;
  /** Files of definitions that the pool has not. */
  readonly stale: readonly string[];
}

interface Export {
  readonly kinds: readonly DefinitionKind[];
  readonly prune: boolean;
  /** Of a file of the depot. */
  readonly bytesOf: (sha256: string) => Promise<Uint8Array>;
}

/**
 * One file a definition; of a file of the depot the file itself. One that says the same already stays as it is, with its comments. `prune`
 * removes files of definitions that are gone.
 */
export async function writeConfigFolder(
  files: Files,
  folder: string,
  definitions: readonly Wanted[],
  { kinds, prune, bytesOf }: Export,
): Promise<Exported> {
  await files.makeDirectory(folder, 0o755);
  const there = new Map((await placesIn(files, folder)).map((place) => [placeText(place), place.file]));
  const folders = new Set(definitions.map((one) => parentOf(fileOf(folder, one))));
  for (const path of folders) await files.makeDirectory(path, 0o755);
  let written = 0;
  await eachOf(definitions, async (one) => {
    const known = there.get(placeText(one));
    if (known !== undefined && (await saysTheSame(files, { ...one, file: known }))) return;
    const { content, mode } = await fileFor(one, bytesOf);
    await files.writeAtomic(known ?? fileOf(folder, one), content, mode);
    written++;
  });
  await files.writeAtomic(`${folder}/${manifestName}`, yamlText({ version: 1, kinds: [...kinds] }), 0o644);
  const kept = new Set(definitions.map(placeText));
  const stale = [...there].filter(
    ([place]) => !kept.has(place) && kinds.some((kind) => place.startsWith(`${kind}/`)),
  );
  if (prune) for (const [, file] of stale) await files.remove(file);
  return { written, unchanged: definitions.length - written, stale: stale.map(([, file]) => file) };
}

async function fileFor(
  { kind, content }: Wanted,
  bytesOf: Export['bytesOf'],
): Promise<{ content: string | Uint8Array; mode: number }> {
  if (kind !== 'depot-file') return { content: documentOf(content), mode: 0o644 };
  const { sha256, executable } = depotFileContentSchema.parse(content);
  return { content: await bytesOf(sha256), mode: executable ? 0o755 : 0o644 };
}

/** The one way to write a definition. */
export function documentOf(content: Content): string {
  return yamlText(canonical(content));
}

const unreadable: ReadonlySet<ErrorCode> = new Set(['WK_CONFIG', 'WK_BAD_REQUEST', 'WK_TOO_LARGE']);

async function saysTheSame(files: Files, place: Place & Wanted): Promise<boolean> {
  try {
    const { content } = await readOne(files, place);
    return isSameContent(codecOf(place.kind).normal(content), place.content);
  } catch (error) {
    // A file that cannot be read as a definition is written anew.
    if (error instanceof WatchError && unreadable.has(error.code)) return false;
    throw error;
  }
}

function fileOf(folder: string, { kind, name }: DefinitionPlace): string {
  return `${folder}/${definitionFolders[kind]}/${name}${kind === 'depot-file' ? '' : '.yaml'}`;
}

function parentOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'));
}

async function eachOf<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += atOnce)
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map(run))));
  return results;
}
