/** `node test/tidy.ts`: the rules of the repository alone, quick enough to run at every save. */
import { root } from './runner/run-program.ts';
import { readRepository } from './tidy/repository.ts';
import { tidyAll } from './tidy/tidy-all.ts';

let failed = 0;
for (const { rule, findings } of tidyAll(readRepository(root))) {
  console.log(`${findings.length === 0 ? 'ok    ' : 'FAILED'} ${rule}`);
  for (const text of findings) console.log(`       ${text}`);
  failed += findings.length > 0 ? 1 : 0;
}
process.exit(failed === 0 ? 0 : 1);
