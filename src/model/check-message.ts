import { messageLimits, type Message } from './message.ts';
import { severities } from './severity.ts';

// The same three rules as in message.ts.
// oxlint-disable-next-line no-control-regex
const forbiddenInText = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
// oxlint-disable-next-line no-control-regex
const forbiddenInName = /[\u0000-\u001f\u007f]/;
/** Nearly every text is, and then one look is enough. */
const plain = /^[ -~]*$/;
const lowerCaseUuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const knownSeverities: ReadonlySet<unknown> = new Set(severities);
const createdMsMax = 8_640_000_000_000_000;

/**
 * Whether `messageSchema` takes the value exactly as it is, ten times faster than the schema says so: every message
 * passes here on every server. False means "ask the schema", which also knows the reason.
 */
export function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  let required = 0;
  // What JSON.parse made has no inherited fields, and `Object.entries` here would cost more than the checks.
  for (const field in value) {
    const verdict = checkField(field, (value as Record<string, unknown>)[field]);
    if (verdict === 'bad') return false;
    if (verdict === 'required') required++;
  }
  return required === 4;
}

function checkField(field: string, content: unknown): 'required' | 'optional' | 'bad' {
  switch (field) {
    case 'id':
      return typeof content === 'string' && lowerCaseUuidV7.test(content) ? 'required' : 'bad';
    case 'createdMs':
      return isCreatedMs(content) ? 'required' : 'bad';
    case 'severity':
      return knownSeverities.has(content) ? 'required' : 'bad';
    case 'text':
      return isText(content, messageLimits.textCharsMax) && content.length > 0 ? 'required' : 'bad';
    case 'application':
    case 'object':
    case 'group':
    case 'key':
    case 'source':
      return isName(content) ? 'optional' : 'bad';
    case 'attributes':
      return areAttributes(content) ? 'optional' : 'bad';
    default:
      return 'bad';
  }
}

function isCreatedMs(content: unknown): boolean {
  return Number.isSafeInteger(content) && Number(content) >= 0 && Number(content) <= createdMsMax;
}

function isText(content: unknown, charsMax: number): content is string {
  if (typeof content !== 'string' || content.length > charsMax) return false;
  return plain.test(content) || (!forbiddenInText.test(content) && content.isWellFormed());
}

function isName(content: unknown): content is string {
  if (typeof content !== 'string' || content.length > messageLimits.nameCharsMax) return false;
  return plain.test(content) || (!forbiddenInName.test(content) && content.isWellFormed());
}

function areAttributes(content: unknown): boolean {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return false;
  let count = 0;
  for (const name in content) {
    const value = (content as Record<string, unknown>)[name];
    if (name === '' || name === '__proto__' || !isName(name)) return false;
    if (!isText(value, messageLimits.attributeValueCharsMax)) return false;
    count++;
  }
  return count <= messageLimits.attributesMax;
}
