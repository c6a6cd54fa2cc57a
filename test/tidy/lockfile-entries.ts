import { z } from 'zod';

const lockedPackageSchema = z.looseObject({
  version: z.string().optional(),
  integrity: z.string().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lockfileSchema = z.looseObject({ packages: z.record(z.string(), lockedPackageSchema) });
export type Lockfile = z.infer<typeof lockfileSchema>;

export function parseLockfile(text: string): Lockfile {
  return lockfileSchema.parse(JSON.parse(text));
}

/**
 * npm leaves a platform package out of the lockfile when the registry it was made with does not serve that
 * platform, and `npm ci` then refuses the lockfile everywhere. These are the entries it lacks; they name the
 * platform, so that only that platform ever asks for the package.
 */
export function missingEntries(lockfile: Lockfile): Record<string, object> {
  const missing: Record<string, object> = {};
  for (const [at, owner] of Object.entries(lockfile.packages))
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      const shared = `node_modules/${name}`;
      const key = `${folderOf(at)}${name}`;
      const platform = platformOf(name);
      // One without a checksum is ours from before, made again so that it stands as npm itself would write it.
      if (lockfile.packages[key]?.integrity !== undefined || platform === null) continue;
      // Another owner of the same version has brought it already.
      if (key !== shared && lockfile.packages[shared]?.version === version) continue;
      const { cpu, os, libc } = platform;
      // In the order in which npm writes them.
      missing[key] = {
        version,
        cpu,
        ...(owner.dev === true && { dev: true }),
        ...(libc && { libc }),
        optional: true,
        ...(os && { os }),
      };
    }
  return missing;
}

/** Where the dependencies of a package lie that nobody else can share: beside it. */
function folderOf(at: string): string {
  const folder = 'node_modules/';
  return at === '' ? folder : at.slice(0, at.lastIndexOf(folder) + folder.length);
}

function platformOf(name: string): { cpu: string[]; os?: string[]; libc?: string[] } | null {
  if (name.endsWith('-wasm32-wasi')) return { cpu: ['wasm32'] };
  const match =
    /(?<os>android|darwin|freebsd|linux|openharmony|win32)-(?<cpu>arm64|arm|x64|ia32|ppc64|riscv64|s390x)(?:-(?<abi>\w+))?$/.exec(
      name,
    );
  const { os, cpu, abi = '' } = match?.groups ?? {};
  if (os === undefined || cpu === undefined) return null;
  const libc =
    os !== 'linux' ? null : abi.startsWith('gnu') ? 'glibc' : abi.startsWith('musl') ? 'musl' : null;
  return { cpu: [cpu], os: [os], ...(libc !== null && { libc: [libc] }) };
}
