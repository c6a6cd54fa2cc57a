import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Transaction, TransactionResult } from '../coordination.ts';
import {
  Compare_CompareResult,
  Compare_CompareTarget,
  type TxnRequestSchema,
  type TxnResponse,
} from './generated/etcd_pb.ts';
import { bytesOf, type KeySpace } from './key-space.ts';

/**
 * A transaction as etcd takes it. When a condition does not hold it reads all their keys, so that the answer can name
 * those that failed. A key that does not exist has revision 0 in etcd too.
 */
export function txnRequest(
  { conditions, writes }: Transaction,
  keys: KeySpace,
): MessageInitShape<typeof TxnRequestSchema> {
  return {
    compare: conditions.map(({ key, revision }) => ({
      result: Compare_CompareResult.EQUAL,
      target: Compare_CompareTarget.MOD,
      key: keys.key(key),
      targetUnion: { case: 'modRevision', value: BigInt(revision) },
    })),
    success: writes.map(({ key, value }) =>
      value === null
        ? { request: { case: 'requestDeleteRange', value: { key: keys.key(key) } } }
        : { request: { case: 'requestPut', value: { key: keys.key(key), value: bytesOf(value) } } },
    ),
    failure: conditions.map(({ key }) => ({
      request: { case: 'requestRange', value: { key: keys.key(key), keysOnly: true } },
    })),
  };
}

export function transactionResult({ conditions }: Transaction, answer: TxnResponse): TransactionResult {
  if (answer.succeeded) return { done: true, revision: Number(answer.header?.revision ?? 0n) };
  const failed = conditions.filter(({ revision }, index) => {
    const { response } = answer.responses[index] ?? {};
    const found = response?.case === 'responseRange' ? response.value.kvs[0]?.modRevision : undefined;
    return Number(found ?? 0n) !== revision;
  });
  return { done: false, failed: failed.map(({ key }) => key) };
}
