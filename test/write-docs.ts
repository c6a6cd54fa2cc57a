/** Writes the pages of docs/ that are made from the code. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandReference } from './docs/command-reference.ts';
import { permissionMatrix } from './permissions/matrix.ts';
import { root } from './runner/run-program.ts';

writeFileSync(path.join(root, 'docs/commands.md'), await commandReference());
writeFileSync(path.join(root, 'docs/who-may-do-what.md'), await permissionMatrix());
