import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Adds a line to a file each time it runs, with its arguments. */
export async function countingProgram(
  folder: string,
  name: string,
): Promise<{ program: string; count: () => Promise<number> }> {
  const program = join(folder, `${name}.sh`);
  const log = join(folder, `${name}.log`);
  await writeFile(program, `#!/bin/sh\necho "$0 $*" >> ${log}\necho "out: $1"\necho "err" >&2\n`);
  await chmod(program, 0o755);
  const count = async () => {
    const text = await readFile(log, 'utf8').catch(() => '');
    return text.split('\n').length - 1;
  };
  return { program, count };
}
