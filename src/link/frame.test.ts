import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { codeOf, textOf } from '../model/errors.ts';
import {
  decodeFrame,
  encodeFrame,
  frameFaults,
  headerBytesMax,
  serverHeaderBytesMax,
  type FrameFault,
} from './frame.ts';

function raw(header: string | Uint8Array, body: Uint8Array = new Uint8Array(0), length?: number): Uint8Array {
  const bytes = Buffer.from(header);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(length ?? bytes.length);
  return Buffer.concat([size, bytes, body]);
}

const bad: Readonly<Record<FrameFault, readonly Uint8Array[]>> = {
  'it is too short': [new Uint8Array(0), new Uint8Array(3)],
  'its header is too large': [raw('{}', undefined, headerBytesMax + 1), raw('{}', undefined, 0xff_ff_ff_ff)],
  'its header ends behind the frame': [raw('{"type":"ping","id":1}', undefined, 60)],
  'its header is not UTF-8': [
    raw(Buffer.from([0x22, 0xff, 0xfe, 0x22])),
    raw(Buffer.from([0xed, 0xa0, 0x80])),
  ],
  'its header is nested too deeply': [raw('['.repeat(60_000)), raw(`{"type":${'{"a":'.repeat(30)}1`)],
  'its header is not JSON': [
    raw(''),
    raw('{"type":"ping"'),
    raw('\ufeff{}'),
    raw('ping'),
    raw('{"type":ping}'),
  ],
  'its type is unknown': [
    raw('null'),
    raw('[]'),
    raw('{}'),
    raw('{"type":"constructor"}'),
    raw('{"type":"__proto__"}'),
    raw('{"type":["ping"]}'),
    raw('{"type":"Ping","id":1}'),
  ],
  'its header is not valid': [
    raw('{"type":"ping"}'),
    raw('{"type":"ping","id":-1}'),
    raw('{"type":"ping","id":1e400}'),
    raw('{"type":"ping","id":1,"more":true}'),
    raw('{"type":"ping","id":9007199254740993}'),
    raw('{"type":"positions","positions":{"toString":1}}'),
    raw('{"type":"entries","entries":[]}'),
    raw('{"type":"batch","batch":1,"count":5001}'),
  ],
  'its type has no body': [raw('{"type":"ping","id":1}', new Uint8Array(1))],
};

for (const fault of frameFaults)
  test(`a frame is refused because ${fault}`, () => {
    assert.ok(bad[fault].length > 0);
    for (const bytes of bad[fault])
      assert.throws(
        () => decodeFrame(bytes),
        (error) => codeOf(error) === 'WK_FRAME' && textOf(error).includes(fault),
        Buffer.from(bytes.subarray(4, 60)).toString(),
      );
  });

test('what is encoded is decoded again, body included', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 5_000 }), fc.uint8Array(), (batch, count, body) => {
      const frame = decodeFrame(encodeFrame({ type: 'batch', batch, count }, body));
      assert.deepEqual(frame.message, { type: 'batch', batch, count });
      assert.deepEqual(Buffer.from(frame.body), Buffer.from(body));
    }),
  );
});

test('any bytes at all are a frame or a WK_FRAME, never another error', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => raw(text)),
    fc
      .record({ type: fc.constantFrom('ping', 'hello', 'entries', 'stored'), id: fc.anything() })
      .map((value) =>
        raw(
          JSON.stringify(value, (_key, inner: unknown) =>
            typeof inner === 'bigint' ? String(inner) : inner,
          ),
        ),
      ),
  );
  fc.assert(
    fc.property(anything, (bytes) => {
      try {
        decodeFrame(bytes);
      } catch (error) {
        assert.equal(codeOf(error), 'WK_FRAME');
      }
    }),
    { numRuns: 500 },
  );
});

test('a key that would be a prototype is left out', () => {
  const { message } = decodeFrame(raw('{"type":"positions","positions":{},"epochs":{"__proto__":7}}'));
  assert(message.type === 'positions');
  assert.deepEqual(message.epochs, {});
  assert.equal(Object.getPrototypeOf(message.epochs), Object.prototype);
});

test('brackets inside of strings do not count as depth', () => {
  const text = '[{"\\"['.repeat(40);
  const { message } = decodeFrame(encodeFrame({ type: 'refused', code: 'X', text, retry: true }));
  assert.deepEqual(message, { type: 'refused', code: 'X', text, retry: true });
});

test('a hello of a newer version is understood as far as it goes', () => {
  const hello = { type: 'hello', protocolMin: 7, protocolMax: 9, name: 'n', version: '9', colour: 'blue' };
  const { message } = decodeFrame(raw(JSON.stringify(hello)));
  assert.deepEqual(message, { type: 'hello', protocolMin: 7, protocolMax: 9, name: 'n', version: '9' });
});

test('a header that is too large is not sent', () => {
  const positions = Object.fromEntries(
    Array.from({ length: 2_000 }, (_, i) => [
      `00000000-0000-4000-8000-000000000000.${i.toString(16).padStart(8, '0')}`,
      1,
    ]),
  );
  assert.throws(() => encodeFrame({ type: 'positions', positions }), { code: 'WK_TOO_LARGE' });
  const frame = encodeFrame({ type: 'positions', positions }, undefined, serverHeaderBytesMax);
  assert.equal(decodeFrame(frame, serverHeaderBytesMax).message.type, 'positions');
});
