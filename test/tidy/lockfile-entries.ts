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
  for (const owner of Object.values(lockfile.packages))
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`;
      const platform = platformOf(name);
      // One without a checksum is ours from before, made again so that it stands as npm itself would write it.
      if (lockfile.packages[key]?.integrity !== undefined || platform === null) continue;
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
