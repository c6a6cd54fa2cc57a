import type { PoolStatus } from '../../../src/model/api.ts';
import { virtualInterfacePrefix } from '../../../src/model/definitions.ts';

/** After this long without an answer, where no virtual interface will come back at this address. */
export const goOnAfterMs = 12_000;
/** More would make an address that is too long. */
const selectedMax = 60;

export interface Elsewhere {
  readonly name: string;
  /** The same page there. */
  readonly href: string;
  /** Whether it was well when the pool was last heard. */
  readonly wasWell: boolean;
}

/** The other servers, those first that were well. */
export function othersOf(status: Pick<PoolStatus, 'members'> | null, here: URL): Elsewhere[] {
  return (status?.members ?? [])
    .filter(({ url }) => new URL(url).host !== here.host)
    .toSorted((a, b) => Number(b.healthy) - Number(a.healthy))
    .map(({ name, url, healthy }) => ({
      name,
      href: new URL(here.pathname + here.search, url).href,
      wasWell: healthy,
    }));
}

/** Where the page goes by itself; null where the address will come back, or nobody else was well. */
export function goesOnAt(status: Pick<PoolStatus, 'members' | 'roles'> | null, here: URL): Elsewhere | null {
  if (status === null || status.roles.some(({ role }) => role.startsWith(virtualInterfacePrefix)))
    return null;
  const [first] = othersOf(status, here);
  return first?.wasWell === true ? first : null;
}

/** With what the page there needs to go on as this one: behind `#`, which no server sees. */
export function handedOver(href: string, token: string | null, selected: readonly string[]): string {
  const handed = new URLSearchParams();
  if (token !== null) handed.set('token', token);
  if (selected.length > 0 && selected.length <= selectedMax) handed.set('selected', selected.join(','));
  const there = new URL(href);
  there.hash = handed.toString();
  return there.href;
}
