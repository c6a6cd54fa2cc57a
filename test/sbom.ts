import { readFileSync } from 'node:fs';
import { root } from './runner/run-program.ts';
import { runtimePackages } from './tidy/runtime-packages.ts';

/**
 * Prints the software bill of materials of what Watchkeeper runs with, CycloneDX 1.6 in JSON, from the lockfile alone:
 * the same lockfile gives the same document, byte for byte.
 */
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  name: string;
  version: string;
  description: string;
  license: string;
};
const packages = runtimePackages(readFileSync(`${root}/package-lock.json`, 'utf8'));

function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.startsWith('@') ? `%40${name.slice(1)}` : name}@${version}`;
}

function licenses(license: string | undefined): object {
  if (license === undefined) return {};
  const isExpression = / (OR|AND|WITH) /.test(license);
  return { licenses: [isExpression ? { expression: license } : { license: { id: license } }] };
}

/** One version may lie in two places. */
function needsByRef(): Map<string, Set<string>> {
  const byRef = new Map<string, Set<string>>();
  for (const { path, needs } of packages) {
    const ref = refs.get(path) ?? '';
    const known = byRef.get(ref) ?? new Set<string>();
    for (const needed of needs) known.add(refs.get(needed) ?? '');
    byRef.set(ref, known);
  }
  return byRef;
}

const own = purlOf(manifest.name, manifest.version);
const refs = new Map(packages.map((each) => [each.path, purlOf(each.name, each.version)]));
const sbom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: {
    component: {
      type: 'application',
      'bom-ref': own,
      name: manifest.name,
      version: manifest.version,
      description: manifest.description,
      purl: own,
      ...licenses(manifest.license),
    },
  },
  components: [...new Map(packages.map((each) => [refs.get(each.path), each])).values()].map((each) => ({
    type: 'library',
    'bom-ref': refs.get(each.path),
    name: each.name,
    version: each.version,
    scope: each.isOptional ? 'optional' : 'required',
    purl: refs.get(each.path),
    ...licenses(each.license),
    ...(each.sha512 && { hashes: [{ alg: 'SHA-512', content: each.sha512 }] }),
  })),
  dependencies: [
    { ref: own, dependsOn: packages.filter(({ isDirect }) => isDirect).map(({ path }) => refs.get(path)) },
    ...[...needsByRef()].map(([ref, dependsOn]) => ({ ref, dependsOn: [...dependsOn] })),
  ],
};
process.stdout.write(`${JSON.stringify(sbom, null, 2)}\n`);
