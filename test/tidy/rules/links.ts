import path from 'node:path';
import { finding, type Repository, type SourceFile } from '../repository.ts';
import type { Rule } from '../rule.ts';

/** Links between our Markdown pages lead somewhere, headings included. */
export const links: Rule = {
  name: 'links',
  check: (repository) =>
    repository.files
      .filter((file) => file.path.endsWith('.md'))
      .flatMap((file) => linksOf(file).flatMap((link) => verdict(repository, file, link))),
};

interface Link {
  readonly offset: number;
  readonly target: string;
}

function linksOf(file: SourceFile): Link[] {
  const prose = file.text.replaceAll(/^```[^]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, ' '));
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)]
    .map((match) => ({ offset: match.index, target: match[1] ?? '' }))
    .filter(({ target }) => !/^[a-z]+:/.test(target));
}

function verdict(repository: Repository, file: SourceFile, { offset, target }: Link): string[] {
  const [name = '', anchor] = target.split('#');
  const where = name === '' ? file.path : path.posix.join(path.posix.dirname(file.path), name);
  const there = where.replace(/\/$/, '');
  if (!repository.paths.has(there)) return [finding(file, offset, `${target} leads nowhere`)];
  if (anchor === undefined) return [];
  const page = repository.files.find((each) => each.path === there);
  return page !== undefined && anchorsOf(page).has(anchor)
    ? []
    : [finding(file, offset, `${target}: no such heading`)];
}

function anchorsOf(page: SourceFile): Set<string> {
  const headings = [...page.text.matchAll(/^#{1,6} +(.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}
