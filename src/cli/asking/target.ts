import { textOf, WatchError } from '../../model/errors.ts';
import type { Files } from '../../runtime/files.ts';
import type { HttpCall } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { readIdentityFile } from '../../security/identity-file.ts';
import { assertPrivate } from '../../security/private-files.ts';
import type { Cli } from '../cli.ts';
import { serverUrl, type ClientOptions } from '../options/client-options.ts';
import { findContext, readContexts, type Context } from './contexts.ts';
import { PoolClient, type Target } from './pool-client.ts';
import { note } from '../terminal/print.ts';
import { isDue, renewIdentityFile } from '../machine/renew-identity.ts';
import { resolvePath } from '../resolve-path.ts';

/** A client of the pool that options, environment and contexts name, in this order. */
export async function openClient(cli: Cli, options: ClientOptions): Promise<PoolClient> {
  const runtime = await cli.runtime();
  const target = await findTarget(cli, options, runtime.files);
  return new PoolClient(runtime, await renewedInPassing(cli, runtime, target), cli.command);
}

/** A person's certificate is renewed when it is used after half of its life; without success it does until it expires. */
async function renewedInPassing(cli: Cli, runtime: Runtime, target: NamedTarget): Promise<Target> {
  const { credentials, identityPath, servers } = target;
  if (credentials === null || identityPath === null || !isDue(credentials, runtime)) return target;
  try {
    return { ...target, credentials: await renewIdentityFile(runtime, identityPath, servers) };
  } catch (error) {
    note(cli, `${identityPath}: your certificate could not be renewed: ${textOf(error)}`);
    return target;
  }
}

/** A client that proves nothing: for who is about to sign in. */
export async function openStranger(cli: Cli, options: ClientOptions): Promise<PoolClient> {
  const runtime = await cli.runtime();
  const context = await contextOf(cli, options, runtime.files);
  const { identity, authority } = proofOf(cli, options, context);
  const file = identity ?? context.identity;
  const trust =
    file === undefined
      ? await readAuthority(cli, runtime.files, authority)
      : (await readIdentityFile(runtime.files, resolvePath(cli, file))).credentials;
  const target = {
    servers: serversOf(cli, options, context),
    trust: { authorityPems: trust.authorityPems },
    credentials: null,
    token: null,
    timeoutMs: options.timeout,
  };
  return new PoolClient(runtime, target, cli.command);
}

function serversOf(cli: Cli, options: ClientOptions, context: Context): readonly string[] {
  const servers = options.server ?? fromEnvironment(cli) ?? context.servers;
  if (servers.length > 0) return servers;
  throw new WatchError(
    'WK_BAD_REQUEST',
    'no server is named; give --server URL, set WK_SERVER, or choose a context (`watchkeeper context add`)',
  );
}

interface NamedTarget extends Target {
  /** Null for a token. */
  readonly identityPath: string | null;
}

export async function findTarget(cli: Cli, options: ClientOptions, files: Files): Promise<NamedTarget> {
  const context = await contextOf(cli, options, files);
  const servers = serversOf(cli, options, context);
  const proof = proofOf(cli, options, context);
  const identityPath = proof.identity === undefined ? null : resolvePath(cli, proof.identity);
  const identity = identityPath === null ? null : await readIdentityFile(files, identityPath);
  const token = proof.token ?? (await readToken(cli, files, proof.tokenFile));
  if (identity === null && token === null)
    throw new WatchError(
      'WK_UNAUTHENTICATED',
      'nothing says who you are; give --identity FILE or --token-file FILE, or set WK_IDENTITY or WK_TOKEN',
    );
  const trust = identity?.credentials ?? (await readAuthority(cli, files, proof.authority));
  return {
    servers,
    trust: { authorityPems: trust.authorityPems },
    credentials: identity?.credentials ?? null,
    token,
    timeoutMs: options.timeout,
    identityPath,
  };
}

const nothing: Context = { servers: [] };

async function contextOf(cli: Cli, options: ClientOptions, files: Files): Promise<Context> {
  const contexts = await readContexts(files, cli);
  const name = options.context ?? cli.environment.WK_CONTEXT ?? contexts.current;
  return name ? findContext(contexts, name) : nothing;
}

function fromEnvironment(cli: Cli): string[] | undefined {
  const urls = cli.environment.WK_SERVER?.split(/[\s,]+/).filter((url) => url !== '');
  return urls && urls.length > 0 ? urls.map(serverUrl) : undefined;
}

interface Proof {
  readonly identity?: string | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly authority?: string | undefined;
}

/** Who one is comes from one place as a whole: an identity named here is not mixed with a token from elsewhere. */
function proofOf({ environment }: Cli, options: ClientOptions, context: Context): Proof {
  const authority = options.authority ?? environment.WK_AUTHORITY ?? context.authority;
  const places: Proof[] = [
    options,
    { identity: environment.WK_IDENTITY, token: environment.WK_TOKEN, tokenFile: environment.WK_TOKEN_FILE },
    context,
  ];
  const { identity, token, tokenFile } =
    places.find((place) => place.identity ?? place.token ?? place.tokenFile) ?? {};
  return { identity, token, tokenFile, authority };
}

async function readToken(cli: Cli, files: Files, named: string | undefined): Promise<string | null> {
  if (named === undefined) return null;
  const path = resolvePath(cli, named);
  if ((await files.status(path)) === null)
    throw new WatchError('WK_NOT_FOUND', `${path}: there is no such token file`);
  await assertPrivate(files, path, 'this token');
  return (await files.readText(path, 4_096)).trim();
}

async function readAuthority(
  cli: Cli,
  files: Files,
  named: string | undefined,
): Promise<Extract<HttpCall['trust'], { readonly authorityPems: readonly string[] }>> {
  if (named === undefined)
    throw new WatchError(
      'WK_BAD_REQUEST',
      "nothing says which authority to believe; give --authority FILE with the pool's certificate, or set WK_AUTHORITY",
    );
  return { authorityPems: [await files.readText(resolvePath(cli, named), 65_536)] };
}
