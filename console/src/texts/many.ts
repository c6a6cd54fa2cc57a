/**
 * `1234567` as `1,234,567`. A browser takes longer over one number of its own formatting than over drawing the page with it.
 */
export function figure(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

export const many = (number: number, one: string, more = `${one}s`): string =>
  `${figure(number)} ${number === 1 ? one : more}`;
