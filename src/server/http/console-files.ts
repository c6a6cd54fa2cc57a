import { z } from 'zod';
import { codeOf } from '../../model/errors.ts';
import type { Files } from '../../runtime/files.ts';

/** What the console's build wrote beside its files: their types, and which compressed forms lie beside them. */
export const consoleManifestSchema = z.object({
  files: z.array(
    z.object({
      /** Within the folder, `index.html` or `assets/NAME`. */
      path: z.string(),
      type: z.string(),
      /** Of the content, hexadecimal. */
      sha256: z.string(),
      encodings: z.array(z.enum(['br', 'gzip'])),
    }),
  ),
});
type ManifestFile = z.infer<typeof consoleManifestSchema>['files'][number];
export type ContentEncoding = ManifestFile['encodings'][number];

export interface ConsoleFile {
  readonly type: string;
  readonly sha256: string;
  readonly encoding: ContentEncoding | null;
  readonly bytes: Uint8Array;
}

const suffixes = { br: '.br', gzip: '.gz' } as const satisfies Record<ContentEncoding, string>;

/**
 * The files of the built console. What may be asked for is what the build listed: no part of a request ever becomes
 * part of a path on the disk. Read when first asked for and kept, about a megabyte in all.
 */
export class ConsoleFiles {
  readonly #files: Pick<Files, 'readText' | 'readBytes'>;
  readonly #folder: string | null;
  #listed: Promise<ReadonlyMap<string, ManifestFile> | null> | null = null;
  readonly #read = new Map<string, Promise<Uint8Array>>();

  /** `folder`: null where this server has no console. */
  constructor(files: Pick<Files, 'readText' | 'readBytes'>, folder: string | null) {
    this.#files = files;
    this.#folder = folder;
  }

  /** The file as that client takes it. `no console`: nothing was built; null: there is no such file in it. */
  async find(path: string, acceptEncoding: string): Promise<ConsoleFile | 'no console' | null> {
    const listed = await (this.#listed ??= this.#list());
    if (listed === null) {
      // It may be built later, while this server runs.
      this.#listed = null;
      return 'no console';
    }
    const file = listed.get(path);
    if (file === undefined) return null;
    const encoding = file.encodings.find((one) => accepts(acceptEncoding, one)) ?? null;
    const name = encoding === null ? file.path : file.path + suffixes[encoding];
    return { type: file.type, sha256: file.sha256, encoding, bytes: await this.#bytes(name) };
  }

  async #list(): Promise<ReadonlyMap<string, ManifestFile> | null> {
    if (this.#folder === null) return null;
    try {
      const text = await this.#files.readText(`${this.#folder}/files.json`);
      const { files } = consoleManifestSchema.parse(JSON.parse(text));
      return new Map(files.map((file) => [file.path, file]));
    } catch (error) {
      if (codeOf(error) === 'WK_NOT_FOUND') return null;
      throw error;
    }
  }

  #bytes(name: string): Promise<Uint8Array> {
    let bytes = this.#read.get(name);
    if (bytes === undefined) {
      bytes = this.#files.readBytes(`${this.#folder}/${name}`);
      this.#read.set(name, bytes);
      // A failed read is not kept: the next request tries again.
      bytes.catch(() => this.#read.delete(name));
    }
    return bytes;
  }
}

/** Whether `accept-encoding` names it without the weight 0. */
function accepts(header: string, encoding: ContentEncoding): boolean {
  return header.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    return name === encoding && !parameters.some((each) => /^q=0(\.0*)?$/.test(each));
  });
}
