import fastifyCompress from '@fastify/compress';
import type { App } from './app.ts';

/** A page of messages is smaller and goes out as it is: compressing it would cost more time than it saves. */
const bytesMin = 64 * 1_024;

/**
 * Long JSON answers go out compressed to clients that take that, browsers above all: a list of ten thousand nodes is
 * a fifth of its length, which whoever watches over a slow line at night notices. Bodies of requests are never
 * decompressed, since a short one could unfold to anything.
 */
export async function compressAnswers(app: App): Promise<void> {
  await app.register(fastifyCompress, {
    encodings: ['zstd', 'gzip'],
    threshold: bytesMin,
    // Beside the event loop, not in it.
    syncThreshold: 0,
    customTypes: /^application\/json\b/,
    globalDecompression: false,
  });
}
