import type { ApiClient } from '../test/pool/api-client.ts';
import { absentText, rareText } from './bench-message.ts';
import { median } from './statistics.ts';

const queries = {
  'rare text': `text=${rareText}`,
  'absent text': `text=${absentText}`,
  'group and severity': 'group=db&severity=critical',
  'last page': 'order=oldest',
} as const;
const runsEach = 15;

/** Milliseconds, median, for a page of 100 by HTTP: each query as an operator's console would ask it. */
export async function measureQueries(api: ApiClient): Promise<Record<string, number>> {
  const results: Record<string, number> = {};
  for (const [name, query] of Object.entries(queries)) {
    const times: number[] = [];
    for (let run = 0; run < runsEach; run += 1) {
      const startedMs = performance.now();
      await api.get(`/api/v1/messages?limit=100&${query}`, 30_000);
      times.push(performance.now() - startedMs);
    }
    results[name] = median(times);
  }
  return results;
}
