import { severities, type Severity } from '../model/severity.ts';
import { beginsSystem, parseSystem } from './parse-system.ts';
import { parseConditionType } from './parse-time-template.ts';
import type { MessageCondition, PatternText, SystemReference } from './syntax.ts';
import { SyntaxProblem, type TokenReader } from './token-reader.ts';
import { oneOf } from './words.ts';

type Parts = {
  -readonly [Part in keyof Omit<MessageCondition, 'at' | 'description'>]: MessageCondition[Part] | undefined;
};

/** How each attribute is read, by its keyword, and into which part. */
const attributes: Readonly<Record<string, (reader: TokenReader, parts: Parts) => keyof Parts>> = {
  SEVERITY: (reader, parts) => set(parts, 'severities', parseSeverities(reader)),
  NODE: (reader, parts) => set(parts, 'nodes', parseNodes(reader)),
  APPLICATION: (reader, parts) => set(parts, 'application', reader.string('a text')),
  MSGGRP: (reader, parts) => set(parts, 'group', reader.string('a message group')),
  OBJECT: (reader, parts) => set(parts, 'object', reader.string('a text')),
  MSGTYPE: (reader, parts) => set(parts, 'messageType', reader.string('a text')),
  TEXT: (reader, parts) => set(parts, 'text', parsePatternText(reader)),
  SERVICE: (reader, parts) => set(parts, 'service', parsePatternText(reader)),
  SERVICE_NAME: (reader, parts) => set(parts, 'service', parsePatternText(reader)),
  MSGCONDTYPE: (reader, parts) => set(parts, 'type', parseConditionType(reader)),
  CONDSTATUSVAR: (reader, parts) => set(parts, 'statusVariable', reader.string('the name of a variable')),
};
const attributeWords = Object.keys(attributes);

export function parseConditions(reader: TokenReader): MessageCondition[] {
  return reader.many(
    () => reader.keyword('MSGTARGETRULECOND') !== null,
    () => parseCondition(reader),
    ['MSGTARGETRULECOND', 'MSGTARGETMANAGERS', 'MSGOPERATIONS', 'MSGTARGETRULE', 'RESPMGRCONFIG'],
  );
}

/** Attributes may stand in any order, each once. */
function parseCondition(reader: TokenReader): MessageCondition {
  const at = reader.begin();
  reader.expect('MSGTARGETRULECOND');
  let description: string | null = null;
  if (reader.accept('DESCRIPTION')) description = reader.string('a text');
  else reader.warn(at, 'MSGTARGETRULECOND has no DESCRIPTION');
  const parts = {} as Parts;
  const seen = new Set<keyof Parts>();
  for (;;) {
    const partAt = reader.begin();
    const word = reader.keyword(...attributeWords);
    const read = word === null ? undefined : attributes[word];
    if (word === null || !read) return conditionOf(at, description, parts);
    reader.expect(word);
    const part = read(reader, parts);
    if (seen.has(part))
      throw new SyntaxProblem(partAt, `${word} stands twice in one MSGTARGETRULECOND; write two of them`);
    seen.add(part);
  }
}

function set<Part extends keyof Parts>(parts: Parts, part: Part, value: Parts[Part]): Part {
  parts[part] = value;
  return part;
}

function conditionOf(
  at: MessageCondition['at'],
  description: string | null,
  { type, severities, nodes, application, group, object, messageType, text, service, statusVariable }: Parts,
): MessageCondition {
  return {
    at,
    type: type ?? 'Match',
    description,
    severities: severities ?? null,
    nodes: nodes ?? null,
    application: application ?? null,
    group: group ?? null,
    object: object ?? null,
    messageType: messageType ?? null,
    text: text ?? null,
    service: service ?? null,
    statusVariable: statusVariable ?? null,
  };
}

function parseSeverities(reader: TokenReader): Severity[] {
  const severityOf = (word: string): Severity | null => oneOf(severities, word);
  const found = [reader.value('a severity (Unknown, Normal, Warning, Minor, Major, Critical)', severityOf)];
  for (let next = reader.acceptValue(severityOf); next !== null; next = reader.acceptValue(severityOf))
    found.push(next);
  return found;
}

function parseNodes(reader: TokenReader): SystemReference[] {
  const nodes = [parseSystem(reader)];
  while (beginsSystem(reader)) nodes.push(parseSystem(reader));
  return nodes;
}

function parsePatternText(reader: TokenReader): PatternText {
  const at = reader.at;
  const source = reader.string('a pattern');
  const separators = reader.accept('SEPARATORS') ? reader.string('the separators') : null;
  return { at, source, separators, ignoreCase: reader.accept('ICASE') };
}
