import type { Coordination } from '../coordination/coordination.ts';
import { DepotFolder } from '../depot/depot-folder.ts';
import { openCoordination } from '../coordination/open.ts';
import type { Parent } from '../runtime/commands.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { readIdentityFile } from '../security/identity-file.ts';
import type { ServerConfig } from './config.ts';
import { serverPaths } from './server-paths.ts';
import { Server } from './server.ts';
import { openStore } from './store.ts';
import type { View } from './views/view.ts';

export interface StartOptions {
  readonly runtime: Runtime;
  readonly config: ServerConfig;
  readonly version: string;
  /** The keeper's end of the pipe; without one this server never holds a role. */
  readonly parent?: Parent | null;
  /** Already open, and closed by whoever opened it; else the one that the configuration names. */
  readonly coordination?: Coordination;
  /** Holds the built console. */
  readonly consoleFolder?: string;
}

export interface RunningServer extends AsyncDisposable {
  readonly origin: string;
  /** Where it listens, with the port that was really bound. */
  readonly address: { readonly host: string; readonly port: number };
  readonly view: View;
  /** Resolves with the reason when this process should end: its keeper asked, or it must be started again. */
  readonly stopped: Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts one management server; several may live in one process. Errors: WK_CONFIG, WK_NOT_FOUND or WK_DENIED (its
 * identity), WK_PORT_IN_USE, WK_DISK_FAILED. A damaged database is no error: it is moved aside (store.ts).
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { runtime, config, version, parent = null, consoleFolder = null } = options;
  const { credentials } = await readIdentityFile(runtime.files, serverPaths(config.data).identity);
  const coordination =
    options.coordination ??
    (await openCoordination(config.coordination, runtime, config.lease.callTimeoutMs));
  let server: Server | null = null;
  const store = await openStore({
    runtime,
    coreId: config.server.coreId,
    data: config.data,
    onDamage: (damage) => server?.damage.journal(damage),
    onDamagedFile: (error) => server?.damage.database(error),
    onFailure: (error) => {
      if (error.code === 'WK_DAMAGED') return server?.damage.database(error, true);
      runtime.log.error('the disk failed; this server ends, so that nothing is built on what may be lost', {
        error: error.message,
      });
      server?.stop('the disk failed');
    },
  });
  const depotFolder = await DepotFolder.open({
    ...runtime,
    path: serverPaths(config.data).depot,
    mode: 0o400,
  });
  server = new Server({
    runtime,
    config,
    version,
    parent,
    coordination,
    credentials,
    store,
    depotFolder,
    consoleFolder,
  });
  const close = async (): Promise<void> => {
    await server.close();
    if (!options.coordination) await coordination.close();
  };
  try {
    await server.start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    origin: server.origin,
    address: server.address,
    view: server.view,
    stopped: server.stopped,
    close,
    [Symbol.asyncDispose]: close,
  };
}
