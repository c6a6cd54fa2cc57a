import { isCode, type SourceFile } from '../repository.ts';
import type { Rule } from '../rule.ts';

export const functionLinesMax = 70;

/** Functions that are longer, as `path name`, with the length they may not pass. Numbers here only ever fall. */
const ratchet: Readonly<Record<string, number>> = {};

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

const starts =
  /^(?:export )?(?:default )?(?:(?:public|private|protected|static|override|async|get|set|const|let|readonly|return|await) )*(?:function\*? ?)?[\w#.$'"[\]]*.*(?:\($|\{$)/;
const control =
  /^(?:\} )?(?:if|else|for|while|do|switch|case|try|catch|finally|describe|suite|class|interface|type|enum)\b/;

/** Leans on the formatter: a function ends at the first line that stands as deep as its start and begins with `}`. */
export function functionsOf(file: SourceFile): FunctionSpan[] {
  const lines = file.code.split('\n');
  return lines.flatMap((line, index) => {
    const text = line.trimStart();
    if (!looksLikeFunction(text) || control.test(text.replace(/^export (?:default )?/, ''))) return [];
    const indent = line.length - text.length;
    const end = endOf(lines, index, indent);
    if (end === null) return [];
    const name = /[\w#$]+(?=\s*[=(<:])/.exec(text.replace(/^.*?\bfunction\*? /, ''))?.[0] ?? '(unnamed)';
    return [{ name, line: index + 1, lines: end - index + 1 }];
  });
}

function looksLikeFunction(text: string): boolean {
  if (text.endsWith('=> {') || /\bfunction\b.*[({]$/.test(text)) return true;
  return (
    starts.test(text) &&
    /^(?:[a-z]+ )*[\w#$]+(?:<.*>)?\(.*(?:\($|\)(?:: .*)? \{$)|^(?:[a-z]+ )*[\w#$]+\($/.test(text)
  );
}

function endOf(lines: readonly string[], start: number, indent: number): number | null {
  for (let at = start + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const text = line.trimStart();
    if (text === '' || line.length - text.length !== indent) continue;
    if (text.endsWith('{') && /^[)}\]]/.test(text)) continue;
    return text.startsWith('}') ? at : null;
  }
  return null;
}

export const functionSizes: Rule = {
  name: 'function sizes',
  check: (repository) =>
    repository.files
      .filter((file) => isCode(file.path))
      .flatMap((file) =>
        functionsOf(file)
          .filter(({ name, lines }) => lines > (ratchet[`${file.path} ${name}`] ?? functionLinesMax))
          .map(({ name, line, lines }) => `${file.path}:${line} ${name} has ${lines} lines: split it`),
      ),
};
