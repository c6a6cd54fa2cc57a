/**
 * The detail of a record, for people: what is kept as a JSON object becomes `name: value` pairs, anything else stays as it is.
 */
export function readable(detail: string): string {
  if (!detail.startsWith('{')) return detail;
  let value: unknown;
  try {
    value = JSON.parse(detail);
  } catch {
    return detail;
  }
  if (typeof value !== 'object' || value === null) return detail;
  return Object.entries(value)
    .map(([name, one]) => `${name}: ${typeof one === 'string' ? one : JSON.stringify(one)}`)
    .join(' · ');
}
