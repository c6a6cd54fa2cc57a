import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What is bundled into the console's scripts, with all that it brings along. */
const bundled = ['react', 'react-dom', 'scheduler', 'zod'];

/** The licences of the bundled packages, word for word, as they ask for. */
export function noticesOf(root: string): string {
  return bundled
    .map((name) => {
      const folder = path.join(root, 'node_modules', name);
      const { version, license }: { version: string; license: string } = JSON.parse(
        readFileSync(path.join(folder, 'package.json'), 'utf8'),
      );
      const file = readdirSync(folder).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
      const text =
        file !== undefined && existsSync(path.join(folder, file))
          ? readFileSync(path.join(folder, file), 'utf8').trim()
          : license;
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
