import { messageLimits, type MessageDraft } from '../../model/message.ts';
import type { Severity } from '../../model/severity.ts';

/** A message as a source found it: of any length, with whatever characters the world has. */
export interface RawDraft {
  readonly severity: Severity;
  readonly text: string;
  readonly application?: string | undefined;
  readonly object?: string | undefined;
  readonly group?: string | undefined;
  readonly key?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly source: string;
}

/**
 * Makes it fit what the pool takes: cut where it is too long, with a mark in place of what may not stand in a message.
 * Empty fields are left out. Nothing a log contains makes a message that a server would refuse.
 */
export function fitDraft(raw: RawDraft): MessageDraft {
  const draft: Record<string, unknown> = {
    severity: raw.severity,
    text: fitText(raw.text, messageLimits.textCharsMax) || '(empty)',
  };
  for (const field of ['application', 'object', 'group', 'key', 'source'] as const) {
    const value = fitName(raw[field] ?? '');
    if (value !== '') draft[field] = value;
  }
  const attributes = fitAttributes(raw.attributes ?? {});
  if (Object.keys(attributes).length > 0) draft['attributes'] = attributes;
  return draft as MessageDraft;
}

function fitAttributes(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const fitted: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes).slice(0, messageLimits.attributesMax)) {
    const key = fitName(name);
    // This one name would set the prototype instead of a property.
    if (key !== '' && key !== '__proto__') fitted[key] = fitText(value, messageLimits.attributeValueCharsMax);
  }
  return fitted;
}

function fitText(text: string, charsMax: number): string {
  // oxlint-disable-next-line no-control-regex
  return cut(text, charsMax).replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd');
}

function fitName(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return cut(text, messageLimits.nameCharsMax).replaceAll(/[\u0000-\u001f\u007f]/g, '\ufffd');
}

/** `toWellFormed` also mends a pair of surrogates that the cut went through. */
function cut(text: string, charsMax: number): string {
  return text.slice(0, charsMax).toWellFormed();
}
