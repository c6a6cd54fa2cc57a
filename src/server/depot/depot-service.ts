import { usersOf } from '../../definitions/check-config.ts';
import type { ConfigNow } from '../../definitions/config-now.ts';
import { DepotAssembly } from '../../depot/depot-assembly.ts';
import { placeText } from '../../model/config.ts';
import {
  depotFileSchema,
  depotLimits,
  type DepotBytes,
  type DepotUpload,
  type DepotView,
} from '../../model/depot.ts';
import { WatchError } from '../../model/errors.ts';
import type { DepotPort } from '../http/depot-port.ts';
import type { ServerDepot } from './server-depot.ts';

/** Each is in memory until it is checked. */
const uploadsMax = 4;
/** Whoever uploads waits so long for other servers to have it, at most. */
const safeWithinMs = 10_000;
/** And so long for somebody to have it at all. */
const foundWithinMs = 1_000;

interface Ports {
  readonly depot: ServerDepot;
  readonly now: ConfigNow;
  readonly serverName: (coreId: string) => string | null;
}

/** What the API does with the depot. */
export class DepotService implements DepotPort {
  readonly #ports: Ports;
  #uploads = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  list(): DepotView {
    const { now } = this.#ports;
    const after = now.with([]);
    const files = now.all('depot-file').map(({ kind, name, revision, stored }) => {
      const file = depotFileSchema.parse(stored);
      const usedBy = usersOf(after, { kind, name }).map(placeText);
      return { ...file, revision, usedBy, servers: this.#servers(file.sha256) };
    });
    const sizes = new Map(files.map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    return { files, bytes, bytesMax: depotLimits.bytesMax, servers: now.names.servers.length };
  }

  async upload(file: DepotBytes, body: AsyncIterable<Uint8Array>): Promise<DepotUpload> {
    const { depot } = this.#ports;
    const { sha256 } = file;
    if (!depot.has(sha256)) await this.#take(file, body);
    await depot.safe([sha256], safeWithinMs);
    return { ...file, servers: this.#servers(sha256) };
  }

  read(sha256: string): { sizeBytes: number; parts: AsyncIterable<Uint8Array> } {
    const { depot } = this.#ports;
    const sizeBytes = depot.sizeOf(sha256);
    if (sizeBytes === null)
      throw new WatchError('WK_NOT_FOUND', `no file of the depot has the SHA-256 ${sha256} on this server`);
    return { sizeBytes, parts: depot.read(sha256) };
  }

  async #take(file: DepotBytes, body: AsyncIterable<Uint8Array>): Promise<void> {
    const { depot } = this.#ports;
    if (this.#uploads >= uploadsMax)
      throw new WatchError(
        'WK_OVERLOADED',
        `${uploadsMax} files are being uploaded to this server already; try again`,
      );
    this.#uploads += 1;
    try {
      await depot.makeRoom(file.sizeBytes);
      const assembly = new DepotAssembly(file);
      for await (const part of body) assembly.add(part);
      await depot.add(assembly);
    } finally {
      this.#uploads -= 1;
    }
  }

  #servers(sha256: string): string[] {
    const { depot, serverName } = this.#ports;
    return depot
      .holders(sha256)
      .flatMap((coreId) => serverName(coreId) ?? [])
      .toSorted();
  }
}

/** Whether what changes name is where it can be had. `WK_NOT_FOUND`, `WK_UNAVAILABLE` when it is on too few servers. */
export async function mustBeSafe(
  depot: Pick<ServerDepot, 'safe' | 'holders'>,
  files: readonly { readonly name: string; readonly sha256: string }[],
): Promise<void> {
  if (files.length === 0) return;
  const digests = [...new Set(files.map(({ sha256 }) => sha256))];
  const isKnown = digests.every((sha256) => depot.holders(sha256).length > 0);
  if (await depot.safe(digests, isKnown ? safeWithinMs : foundWithinMs)) return;
  const missing = files.find(({ sha256 }) => depot.holders(sha256).length === 0);
  if (missing)
    throw new WatchError(
      'WK_NOT_FOUND',
      `no server that answers has the bytes of depot file ${missing.name} (SHA-256 ${missing.sha256}); add the file again`,
    );
  throw new WatchError(
    'WK_UNAVAILABLE',
    `too few servers have the bytes of depot file ${files.map(({ name }) => name).join(', ')} yet; try again when more of them are up`,
  );
}
