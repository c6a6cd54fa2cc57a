import type { Finding } from './finding.ts';
import { parseManagers } from './parse-managers.ts';
import { parseTimeTemplate } from './parse-time-template.ts';
import type { FlexiblePolicy, StatusVariable } from './syntax.ts';
import { TokenReader } from './token-reader.ts';
import { booleanOf } from './words.ts';

/** A longer text is refused before it is read. */
export const policyCharsMax = 1_048_576;

const sections = ['TIMETEMPLATES', 'CONDSTATUSVARS', 'RESPMGRCONFIGS'] as const;

/**
 * Reads a text of flexible management as far as it can. With an error among the findings the policy lacks what could
 * not be read; what a text means, and whether its names are known, is for `check-policy.ts`.
 */
export function parsePolicy(text: string): { policy: FlexiblePolicy; findings: Finding[] } {
  if (text.length > policyCharsMax) return { policy: nothing, findings: [tooLong(text.length)] };
  const reader = new TokenReader(text);
  // Behind a missing quote everything looks wrong.
  if (reader.findings.length > 0) return { policy: nothing, findings: reader.findings };
  reader.begin();
  if (reader.accept('SYNTAX_VERSION'))
    reader.attempt(
      () => reader.value('a number', (word) => (/^\d{1,9}$/.test(word) ? word : null)),
      sections,
    );
  const policy = {
    timeTemplates: section(reader, 'TIMETEMPLATES', 'TIMETEMPLATE', parseTimeTemplate),
    statusVariables: section(reader, 'CONDSTATUSVARS', 'CONDSTATUSVAR', parseStatusVariable),
    managers: parseConfigs(reader),
  };
  return { policy, findings: reader.findings };
}

const nothing: FlexiblePolicy = { timeTemplates: [], statusVariables: [], managers: [] };

function tooLong(length: number): Finding {
  const text = `the policy has ${length} characters, and at most ${policyCharsMax} are read`;
  return { level: 'error', at: { line: 1, column: 1 }, text };
}

function section<Thing>(
  reader: TokenReader,
  name: (typeof sections)[number],
  item: string,
  read: (reader: TokenReader) => Thing,
): Thing[] {
  if (!reader.accept(name)) return [];
  return reader.many(
    () => !reader.isAtEnd && reader.keyword(...sections) === null,
    () => {
      reader.begin();
      reader.expect(item);
      return read(reader);
    },
    [item, ...sections],
  );
}

function parseStatusVariable(reader: TokenReader): StatusVariable {
  const at = reader.at;
  return { at, name: reader.string('a name'), initially: reader.value('True or False', booleanOf) };
}

function parseConfigs(reader: TokenReader): FlexiblePolicy['managers'] {
  if (reader.isAtEnd) {
    // What could not be read may have swallowed it.
    if (!reader.findings.some(({ level }) => level === 'error'))
      reader.error(reader.at, 'the policy has no RESPMGRCONFIGS, so it decides nothing');
    return [];
  }
  const configs = reader.many(
    () => !reader.isAtEnd,
    () => {
      reader.begin();
      reader.expect('RESPMGRCONFIGS');
      return reader.many(
        () => !reader.isAtEnd,
        () => parseManagers(reader),
        ['RESPMGRCONFIG'],
      );
    },
    ['RESPMGRCONFIGS'],
  );
  return configs.flat();
}
