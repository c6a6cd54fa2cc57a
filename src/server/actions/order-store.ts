import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import type { ActionOrder } from '../../model/action.ts';
import type { EntryBody } from '../../model/entry.ts';
import type { Credentials } from '../../runtime/network.ts';
import { signOrder } from '../../security/order-signature.ts';
import type { Copies } from '../health/copies.ts';

const ordersMax = 200;
const charsMax = 262_144;

interface Ports {
  readonly journal: Pick<Journal, 'append'>;
  readonly credentials: () => Credentials;
}

/** Signs orders as this server and stores them; resolves with the copies of the last, and so of those before it. */
export async function storeOrders(
  ports: Ports & { readonly copies: Pick<Copies, 'wait'> },
  orders: readonly ActionOrder[],
): Promise<number> {
  const seq = await appendOrders(ports, orders);
  return new Promise((resolve) => ports.copies.wait({ seq, copies: resolve }));
}

/** The same without waiting for another server: who decides them would decide the same again. Resolves with the last sequence number. */
export async function appendOrders(
  { journal, credentials }: Ports,
  orders: readonly ActionOrder[],
): Promise<number> {
  const { certificatePem: certificate, keyPem } = credentials();
  let seq = 0;
  for (const part of partsOf(orders)) {
    const actions = part.map((order) => ({ order, signature: signOrder(order, keyPem) }));
    const body: EntryBody<'actions'> = { certificate, actions };
    ({ seq } = await journal.append({ kind: 'actions', body: encodeBody('actions', body) }, body));
  }
  return seq;
}

/** Signing takes time, and an entry has a limit. */
function partsOf(orders: readonly ActionOrder[]): string[][] {
  const parts: string[][] = [];
  let chars = 0;
  for (const order of orders) {
    const text = JSON.stringify(order);
    const part = parts.at(-1);
    chars += text.length;
    if (part === undefined || part.length >= ordersMax || chars > charsMax) {
      parts.push([text]);
      chars = text.length;
    } else part.push(text);
  }
  return parts;
}
