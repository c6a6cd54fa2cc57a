import { z } from 'zod';

const lockedSchema = z.looseObject({
  version: z.string().optional(),
  integrity: z.string().optional(),
  license: z.string().optional(),
  dev: z.boolean().optional(),
  devOptional: z.boolean().optional(),
  optional: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
  peerDependencies: z.record(z.string(), z.string()).optional(),
});
const lockfileSchema = z.looseObject({ packages: z.record(z.string(), lockedSchema) });
type Locked = z.infer<typeof lockedSchema>;

/** A package that is there when Watchkeeper runs; what only builds and tests need is left out. */
export interface RuntimePackage {
  /** Where npm puts it: `node_modules/a/node_modules/b`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly isDirect: boolean;
  readonly isOptional: boolean;
  readonly hasInstallScript: boolean;
  readonly license: string | undefined;
  /** Hex; undefined where the lockfile has no checksum of that kind. */
  readonly sha512: string | undefined;
  /** Paths of the packages that it needs. */
  readonly needs: readonly string[];
}

/** What a package-lock.json says is installed for running, by path. */
export function runtimePackages(lockfileText: string): RuntimePackage[] {
  const { packages } = lockfileSchema.parse(JSON.parse(lockfileText));
  const root = packages[''] ?? {};
  const direct = new Set(Object.keys({ ...root.dependencies, ...root.optionalDependencies }));
  return Object.entries(packages)
    .filter(([path, locked]) => path !== '' && locked.dev !== true && locked.devOptional !== true)
    .map(([path, locked]) => ({
      path,
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: locked.version ?? '',
      isDirect: path.lastIndexOf('node_modules/') === 0 && direct.has(path.slice('node_modules/'.length)),
      isOptional: locked.optional ?? false,
      hasInstallScript: locked.hasInstallScript ?? false,
      license: locked.license,
      sha512: sha512Of(locked.integrity),
      needs: neededBy(path, locked, packages),
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function sha512Of(integrity: string | undefined): string | undefined {
  const base64 = /sha512-([A-Za-z0-9+/=]+)/.exec(integrity ?? '')?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex');
}

/** As Node looks for them: beside it, then further up; what is optional may be missing. */
function neededBy(path: string, locked: Locked, packages: Readonly<Record<string, Locked>>): string[] {
  const names = Object.keys({
    ...locked.dependencies,
    ...locked.optionalDependencies,
    ...locked.peerDependencies,
  });
  return names.flatMap((name) => {
    for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
      const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
      const found = packages[candidate];
      if (found !== undefined) return found.dev === true || found.devOptional === true ? [] : [candidate];
      if (folder === '') return [];
    }
  });
}
