import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import type { ClientOptions } from '../options/client-options.ts';
import { configFolder, findContext, readContexts, writeContexts } from './contexts.ts';

/** Where the session of a context is kept: a file of the person's own, mode 0600. */
function sessionPath(cli: Cli, context: string): string {
  return `${configFolder(cli)}/session-${context}`;
}

async function contextName(cli: Cli, options: Pick<ClientOptions, 'context'>): Promise<string> {
  const { files } = await cli.runtime();
  const name = options.context ?? cli.environment.WK_CONTEXT ?? (await readContexts(files, cli)).current;
  if (name) return name;
  throw new WatchError(
    'WK_BAD_REQUEST',
    'there is no context to keep the session in; make one with `watchkeeper context add NAME --server URL --authority FILE`',
  );
}

/** The context's commands use this session from now on. */
export async function keepSession(
  cli: Cli,
  options: Pick<ClientOptions, 'context'>,
  token: string,
): Promise<string> {
  const { files } = await cli.runtime();
  const name = await contextName(cli, options);
  const contexts = await readContexts(files, cli);
  const context = findContext(contexts, name);
  const tokenFile = sessionPath(cli, name);
  await files.makeDirectory(configFolder(cli), 0o700);
  await files.writeAtomic(tokenFile, `${token}\n`, 0o600);
  await writeContexts(files, cli, {
    ...contexts,
    contexts: { ...contexts.contexts, [name]: { ...context, tokenFile } },
  });
  return name;
}

/** False when the context had none. */
export async function dropSession(cli: Cli, options: Pick<ClientOptions, 'context'>): Promise<boolean> {
  const { files } = await cli.runtime();
  const name = await contextName(cli, options);
  const contexts = await readContexts(files, cli);
  const { tokenFile, ...context } = findContext(contexts, name);
  if (tokenFile !== sessionPath(cli, name)) return false;
  await files.remove(tokenFile);
  await writeContexts(files, cli, { ...contexts, contexts: { ...contexts.contexts, [name]: context } });
  return true;
}
