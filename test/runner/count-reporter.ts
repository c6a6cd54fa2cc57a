import type { TestEvent } from 'node:test/reporters';

const passPrefix = '@pass';
const skipPrefix = '@skip';
const failPrefix = '@fail';

/**
 * A reporter for `node --test` that prints one short line a test, to be counted by run-node-tests.ts, and the whole
 * story of each failure. A suite and a test that failed only through its subtests are not counted again.
 */
export default async function* countReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const line = lineFor(event);
    if (line !== null) yield `${line}\n`;
  }
}

function lineFor(event: TestEvent): string | null {
  if (event.type === 'test:pass') {
    if (event.data.details.type === 'suite') return null;
    const { skip, todo } = event.data;
    if (skip === undefined && todo === undefined) return `${passPrefix} ${oneLine(event.data.name)}`;
    const reason = typeof skip === 'string' ? skip : typeof todo === 'string' ? todo : 'no reason given';
    return `${skipPrefix} ${oneLine(event.data.name)}: ${oneLine(reason)}`;
  }
  if (event.type === 'test:fail') {
    const error = event.data.details.error;
    const kind = 'failureType' in error ? error.failureType : '';
    if (kind === 'subtestsFailed') return null;
    const where = event.data.file === undefined ? '' : ` (${event.data.file}:${event.data.line ?? 0})`;
    return `${failPrefix} ${oneLine(event.data.name)}${where}\n${story(error)}`;
  }
  if (event.type === 'test:stderr' || event.type === 'test:stdout')
    return event.data.message.trimEnd() || null;
  return null;
}

/** The innermost cause has the stack that helps; the wrapper around it only says that a test failed. */
function story(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return (cause.stack ?? cause.message)
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
