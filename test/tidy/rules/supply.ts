import { runtimePackages } from '../runtime-packages.ts';
import type { Rule } from '../rule.ts';

const directMax = 20;
const installedMax = 120;

/** Few packages run with us, and none of them runs anything when it is installed. */
export const supply: Rule = {
  name: 'supply',
  check: (repository) => {
    const file = repository.files.find((each) => each.path === 'package-lock.json');
    if (file === undefined) return ['package-lock.json is missing'];
    const packages = runtimePackages(file.text);
    const direct = packages.filter(({ isDirect }) => isDirect).length;
    return [
      ...(direct > directMax ? [`package.json: ${direct} runtime packages, at most ${directMax}`] : []),
      ...(packages.length > installedMax
        ? [`package-lock.json: ${packages.length} packages are installed to run, at most ${installedMax}`]
        : []),
      ...packages
        .filter(({ hasInstallScript }) => hasInstallScript)
        .map(({ path }) => `package-lock.json: ${path} has an install script`),
      ...packages
        .filter(({ sha512, isOptional }) => sha512 === undefined && !isOptional)
        .map(({ path }) => `package-lock.json: ${path} has no checksum`),
    ];
  },
};
