import { WatchError } from '../model/errors.ts';
import type { Transaction } from './coordination.ts';

/** The same for every implementation, so that what works with one works with all; etcd's own limits lie above. */
export const keyCharactersMax = 512;
export const valueBytesMax = 1_048_576;
export const transactionBytesMax = 1_310_720;
export const transactionStepsMax = 128;

/** Printable ASCII only: every store and language sorts it the same way. */
const keyPattern = /^[\x21-\x7e]+$/;

/** Throws WK_BAD_REQUEST for what no implementation takes. */
export function checkTransaction(transaction: Transaction): void {
  const steps = transaction.conditions.length + transaction.writes.length;
  if (steps > transactionStepsMax)
    throw refusal(
      `a transaction of ${steps} conditions and writes is over the limit of ${transactionStepsMax}`,
    );
  for (const { key } of transaction.conditions) checkKey(key);
  checkWrites(transaction.writes);
}

function checkWrites(writes: Transaction['writes']): void {
  const seen = new Set<string>();
  let bytes = 0;
  for (const { key, value } of writes) {
    checkKey(key);
    if (seen.has(key)) throw refusal(`a transaction may write the key ${key} once only`);
    seen.add(key);
    const size = value === null ? 0 : Buffer.byteLength(value);
    if (size > valueBytesMax)
      throw refusal(`the value of ${key} has ${size} bytes; at most ${valueBytesMax} are allowed`);
    bytes += size;
  }
  if (bytes > transactionBytesMax)
    throw refusal(`a transaction of ${bytes} bytes is over the limit of ${transactionBytesMax}; split it`);
}

export function checkKey(key: string): void {
  if (key.length > keyCharactersMax || !keyPattern.test(key))
    throw refusal(
      `the key ${JSON.stringify(key.slice(0, 80))} must be 1 to ${keyCharactersMax} printable ASCII characters`,
    );
}

function refusal(text: string): WatchError {
  return new WatchError('WK_BAD_REQUEST', text);
}
