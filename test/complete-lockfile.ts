/** Adds to package-lock.json what npm left out of it (tidy/lockfile-entries.ts); run it after `npm install`. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './runner/run-program.ts';
import { missingEntries, parseLockfile } from './tidy/lockfile-entries.ts';

const file = path.join(root, 'package-lock.json');
const text = readFileSync(file, 'utf8');
const added = missingEntries(parseLockfile(text));
// Parsed anew, since a schema puts keys in its own order and npm would turn them back.
const asWritten: { packages: object } = JSON.parse(text);
const entries = Object.entries({ ...asWritten.packages, ...added });
const packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(file, `${JSON.stringify({ ...asWritten, packages }, null, 2)}\n`);
console.log(`${Object.keys(added).length} entries added to package-lock.json`);
