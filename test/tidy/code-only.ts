/**
 * Blanks out what is not code, so that a rule written as a regular expression does not trip over words in comments
 * and strings. Offsets and line breaks stay. A small scanner: it knows strings, templates with their `${}`, both
 * kinds of comments, and tells a regular expression from a division by what stands before it.
 */
export function codeOnly(text: string): { uncommented: string; code: string } {
  const comments: [number, number][] = [];
  const strings: [number, number][] = [];
  /** Depth of braces inside each `${` that is open; a `}` at depth 0 returns to the template. */
  const templates: number[] = [];
  let at = 0;
  let lastToken = '';
  while (at < text.length) {
    const char = text[at] ?? '';
    const two = text.slice(at, at + 2);
    const start = at;
    if (two === '//' || two === '/*') {
      at = endOf(text, at + 2, two === '//' ? '\n' : '*/');
      comments.push([start, at]);
      continue;
    }
    if (char === "'" || char === '"') at = endOfQuoted(text, at + 1, char);
    else if (char === '/' && startsRegex(lastToken)) at = endOfRegex(text, at + 1);
    else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      if (char === '}') templates.pop();
      const end = endOfTemplatePart(text, at + 1);
      if (text[end - 1] === '{') templates.push(0);
      at = end;
    } else {
      const word = /^[\w$]+/.exec(text.slice(at, at + 64))?.[0];
      if (templates.length > 0) templates.push(depthAfter(templates.pop() ?? 0, char));
      at += word?.length ?? 1;
      if (!/\s/.test(char)) lastToken = word ?? char;
      continue;
    }
    strings.push([start + 1, Math.max(start + 1, at - 1)]);
    lastToken = 'string';
  }
  const uncommented = blank(text, comments);
  return { uncommented, code: blank(uncommented, strings) };
}

function depthAfter(depth: number, char: string): number {
  return char === '{' ? depth + 1 : char === '}' ? depth - 1 : depth;
}

function startsRegex(lastToken: string): boolean {
  if (/^(return|typeof|case|in|of|do|else|void|await|yield)$/.test(lastToken)) return true;
  return !/^[\w$)\]}]/.test(lastToken) || lastToken === '';
}

function endOf(text: string, from: number, mark: string): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : mark === '\n' ? found : found + mark.length;
}

function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfRegex(text: string, from: number): number {
  let inClass = false;
  let at = from;
  for (; at < text.length && text[at] !== '\n'; at += 1) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) break;
  }
  return at + 1;
}

/** Up to and with the closing backtick, or the `${` that opens an expression. */
function endOfTemplatePart(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '`') return at + 1;
    if (text[at] === '$' && text[at + 1] === '{') return at + 2;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

function blank(text: string, spans: readonly [number, number][]): string {
  let result = '';
  let done = 0;
  for (const [from, to] of spans) {
    result += text.slice(done, from) + text.slice(from, to).replaceAll(/[^\n]/g, ' ');
    done = to;
  }
  return result + text.slice(done);
}
