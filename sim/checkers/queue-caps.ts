import { check } from '../world/violation.ts';
import type { DiskReader } from '../world/disk-reader.ts';

const bufferSql = 'SELECT coalesce(sum(bytes), 0) AS bytes, coalesce(max(bytes), 0) AS largest FROM messages';

/** An agent's buffer stays within the cap that its node was given (I29). */
export function checkBufferCap(agent: string, reader: DiskReader, bytesMax: number): void {
  const [row] = reader.all(bufferSql) as unknown as { bytes: number; largest: number }[];
  const { bytes, largest } = row ?? { bytes: 0, largest: 0 };
  check(
    bytes <= bytesMax + largest,
    'queues stay within their caps (I29)',
    () => `${agent} has ${bytes} bytes in its buffer, the cap is ${bytesMax}`,
  );
}
