import { z } from 'zod';
import type { Coordination } from '../coordination/coordination.ts';
import type { EtcdFilePaths } from '../coordination/managed/etcd-files.ts';
import { keys, serverDefinitionSchema } from '../model/definitions.ts';
import { textOf } from '../model/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { every } from '../runtime/timing.ts';
import { askRenewal } from './ask-renewal.ts';
import { parseCertificates } from './certificate-info.ts';
import { publicKeyOf } from './key-pair.ts';
import { Renewer } from './renewer.ts';
import { ownAuthorityPems, readTrust } from './trust.ts';

const rememberEveryMs = 3_600_000;
const bytesMax = 1_048_576;
const knownSchema = z.object({ servers: z.array(z.string()), authorityPems: z.array(z.string()) });
type Known = Readonly<z.infer<typeof knownSchema>>;

interface Options {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'random' | 'network' | 'files' | 'log'>;
  readonly coordination: Coordination;
  readonly files: Pick<EtcdFilePaths, 'key' | 'cert' | 'ca' | 'servers'>;
}

/**
 * Keeps a witness's certificate young: a server signs the next one. The key stays, since etcd reads key and certificate one
 * after the other. Where the servers are and whom to believe is remembered, so that who was off for weeks comes back.
 */
export class WitnessIdentity implements Disposable {
  readonly #options: Options;
  readonly #remembering: Disposable;
  readonly #renewer: Renewer;

  private constructor(options: Options, renewer: Renewer) {
    this.#options = options;
    this.#renewer = renewer;
    const timer = every(options.runtime.timers, rememberEveryMs, () => this.#remember(), 0);
    this.#remembering = { [Symbol.dispose]: () => timer.cancel() };
  }

  /** Errors: those of reading its files. */
  static async start(options: Options): Promise<WitnessIdentity> {
    const { runtime, files } = options;
    const read = (path: string): Promise<string> => runtime.files.readText(path, bytesMax);
    const [keyPem, certificatePem, authorities] = await Promise.all(
      [files.key, files.cert, files.ca].map(read),
    );
    const key = { keyPem: keyPem ?? '', publicKeyPem: publicKeyOf(keyPem ?? '') };
    const renewer = new Renewer({
      runtime,
      credentials: {
        keyPem: key.keyPem,
        certificatePem: certificatePem ?? '',
        authorityPems: parseCertificates(authorities ?? ''),
      },
      store: {
        nextKey: () => Promise.resolve(key),
        replace: (credentials) => runtime.files.writeAtomic(files.cert, credentials.certificatePem, 0o600),
        believe: () => Promise.resolve(),
      },
      ask: async (request, believed) => {
        const { servers, authorityPems } = await whereTo(options, believed);
        return askRenewal(runtime.network, servers, { authorityPems }, request);
      },
      renewed: () => undefined,
    });
    return new WitnessIdentity(options, renewer);
  }

  /** Another authority signs for servers and witnesses now. */
  want(): void {
    this.#renewer.want();
  }

  [Symbol.dispose](): void {
    this.#remembering[Symbol.dispose]();
    this.#renewer.close();
  }

  async #remember(): Promise<void> {
    try {
      await ask(this.#options);
    } catch (error) {
      this.#options.runtime.log.debug('where the servers are is as it was', { because: textOf(error) });
    }
  }
}

/** As the coordinator says, else as it said last. */
async function whereTo(options: Options, believed: readonly string[]): Promise<Known> {
  const { runtime, files } = options;
  try {
    return await ask(options);
  } catch (error) {
    if ((await runtime.files.status(files.servers)) === null) throw error;
    const known = knownSchema.parse(JSON.parse(await runtime.files.readText(files.servers, bytesMax)));
    return { ...known, authorityPems: [...new Set([...known.authorityPems, ...believed])] };
  }
}

async function ask({ runtime, coordination, files }: Options): Promise<Known> {
  const [{ items }, { pool, trust }] = await Promise.all([
    coordination.list(keys.servers),
    readTrust(coordination),
  ]);
  const servers = items.map(({ value }) => serverDefinitionSchema.parse(JSON.parse(value)).url);
  const known = { servers, authorityPems: ownAuthorityPems(pool.id, trust) };
  const text = JSON.stringify(known);
  const isSame =
    (await runtime.files.status(files.servers)) !== null &&
    (await runtime.files.readText(files.servers, bytesMax)) === text;
  if (!isSame) await runtime.files.writeAtomic(files.servers, text, 0o600);
  return known;
}
