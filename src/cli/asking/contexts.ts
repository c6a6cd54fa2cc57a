import { z } from 'zod';
import { nameSchema } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { Files } from '../../runtime/files.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import type { Cli } from '../cli.ts';

const contextSchema = z.strictObject({
  servers: z.array(z.url({ protocol: /^https$/ })).max(64),
  /** Files: a user's identity, an API token, the pool's authority. */
  identity: z.string().optional(),
  tokenFile: z.string().optional(),
  authority: z.string().optional(),
});
export type Context = Readonly<z.infer<typeof contextSchema>>;

const contextsSchema = z.strictObject({
  current: nameSchema.nullable().default(null),
  contexts: z.record(nameSchema, contextSchema).default({}),
});
export type Contexts = Readonly<z.infer<typeof contextsSchema>>;

const none: Contexts = { current: null, contexts: {} };
const systemPath = '/etc/watchkeeper/contexts.yaml';

/** The folder of a person's own settings: XDG_CONFIG_HOME or ~/.config. WK_CONFIG where there is no home. */
export function configFolder({ environment }: Pick<Cli, 'environment'>): string {
  const { XDG_CONFIG_HOME: xdg, HOME: home } = environment;
  if (xdg?.startsWith('/')) return `${xdg}/watchkeeper`;
  if (home?.startsWith('/')) return `${home}/.config/watchkeeper`;
  throw new WatchError(
    'WK_CONFIG',
    'HOME is not set, so there is no place for contexts; set HOME or XDG_CONFIG_HOME',
  );
}

function contextsPath(cli: Pick<Cli, 'environment'>): string {
  return `${configFolder(cli)}/contexts.yaml`;
}

/** A person's contexts; those of the machine where the person has none. */
export async function readContexts(files: Files, cli: Pick<Cli, 'environment'>): Promise<Contexts> {
  const hasHome = Boolean(cli.environment.XDG_CONFIG_HOME ?? cli.environment.HOME);
  for (const path of [...(hasHome ? [contextsPath(cli)] : []), systemPath])
    if ((await files.status(path)) !== null) return readYamlFile(files, path, contextsSchema);
  return none;
}

export async function writeContexts(
  files: Files,
  cli: Pick<Cli, 'environment'>,
  contexts: Contexts,
): Promise<void> {
  await files.makeDirectory(configFolder(cli), 0o700);
  // JSON is YAML; people may edit it as either.
  await files.writeAtomic(contextsPath(cli), `${JSON.stringify(contexts, null, 2)}\n`, 0o600);
}

export function findContext(contexts: Contexts, name: string): Context {
  const found = Object.hasOwn(contexts.contexts, name) ? contexts.contexts[name] : undefined;
  if (found) return found;
  const names = Object.keys(contexts.contexts).join(', ') || 'none';
  throw new WatchError('WK_NOT_FOUND', `there is no context ${name}; there are: ${names}`);
}
