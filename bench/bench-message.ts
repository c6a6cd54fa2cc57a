import type { MessageDraft } from '../src/model/message.ts';
import { severities } from '../src/model/severity.ts';

const applications = ['oracle', 'nginx', 'backup', 'kernel', 'mail', 'sap'];
const groups = ['db', 'web', 'os', 'storage', 'network'];
/** One in so many messages says something that no other does. */
const rareEvery = 100_003;

/** A message as operators see them, about 200 bytes; the same number gives the same one. */
export function benchMessage(number: number): MessageDraft {
  const application = applications[number % applications.length] ?? '';
  const rare = number % rareEvery === 7 ? ' zanzibar' : '';
  return {
    severity: severities[(number * 7) % severities.length] ?? 'normal',
    text: `${application} reported condition ${number}: response time ${number % 977} ms on volume data${number % 40}${rare}`,
    application,
    object: `object-${number % 200}`,
    group: groups[number % groups.length] ?? '',
    key: `${application}:${number % 50_000}`,
    source: 'bench',
  };
}

export const rareText = 'zanzibar';
export const absentText = 'quixotic';
