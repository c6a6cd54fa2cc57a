import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timers } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { FakeView, fakeMessage } from './fake-view.ts';
import {
  batchMessagesMax,
  gatherMs,
  heartbeatEveryMs,
  LiveStream,
  lookEveryMs,
  slowAfterMs,
  type EventSink,
} from './live-stream.ts';

/** Timers that run when told to. */
class ManualTimers implements Timers {
  #nowMs = 0;
  #waiting: { atMs: number; run: () => void }[] = [];
  after(delayMs: number, run: () => void): { cancel(): void } {
    const entry = { atMs: this.#nowMs + delayMs, run };
    this.#waiting.push(entry);
    return { cancel: () => void (this.#waiting = this.#waiting.filter((one) => one !== entry)) };
  }
  soon(run: () => void): void {
    this.after(0, run);
  }
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#waiting.sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#waiting.shift();
      this.#nowMs = next.atMs;
      next.run();
      await new Promise(setImmediate);
    }
    this.#nowMs = untilMs;
  }
}

class FakeSink implements EventSink {
  readonly written: string[] = [];
  full = false;
  ended = false;
  destroyed = false;
  readonly handlers: Record<string, () => void> = {};
  write(text: string): boolean {
    this.written.push(text);
    return !this.full;
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
  on(event: 'drain' | 'close', handler: () => void): void {
    this.handlers[event] = handler;
  }
  get batches(): number[] {
    return this.written.flatMap((text) => {
      const data = /^data: (.*)$/m.exec(text)?.[1];
      const event: { messages?: unknown[] } = data === undefined ? {} : JSON.parse(data);
      return event.messages === undefined ? [] : [event.messages.length];
    });
  }
}

function start(): { view: FakeView; timers: ManualTimers; sink: FakeSink; rights: { stay: boolean } } {
  const view = new FakeView();
  const timers = new ManualTimers();
  const sink = new FakeSink();
  const rights = { stay: true };
  const scope = (): null => {
    if (!rights.stay) throw new Error('revoked');
    return null;
  };
  const options = { view, timers, log: silentLog, response: sink, since: {}, scope, withActions: false };
  new LiveStream(options).start();
  return { view, timers, sink, rights };
}

test('commits that come together share one event', async () => {
  const { view, timers, sink } = start();
  for (let i = 1; i <= 30; i++) view.report(fakeMessage(i));
  await timers.advance(gatherMs);
  assert.deepEqual(sink.batches, [0, 30]);
});

test('a reader that does not read costs one batch, and gets the rest when it reads again', async () => {
  const { view, timers, sink } = start();
  await timers.advance(gatherMs * 3);
  sink.full = true;
  for (let i = 1; i <= 4 * batchMessagesMax; i++) view.report(fakeMessage(i));
  await timers.advance(slowAfterMs / 2);
  assert.deepEqual(sink.batches, [0, batchMessagesMax]);
  sink.full = false;
  sink.handlers.drain?.();
  await timers.advance(1_000);
  assert.deepEqual(sink.batches, [0, ...Array.from({ length: 4 }, () => batchMessagesMax)]);
});

test('a reader that stays too slow is told reset and closed', async () => {
  const { view, timers, sink } = start();
  sink.full = true;
  view.report(fakeMessage(1));
  await timers.advance(slowAfterMs + gatherMs);
  assert.equal(sink.written.at(-1), 'data: {"type":"reset"}\n\n');
  assert.ok(sink.ended);
  assert.equal(view.listeners, 0);
  await timers.advance(1_000);
  assert.ok(sink.destroyed);
});

test('heartbeats while nothing happens; a revoked token ends the stream', async () => {
  const { timers, sink, rights, view } = start();
  await timers.advance(heartbeatEveryMs * 2 + 10);
  assert.equal(sink.written.filter((text) => text.startsWith(':')).length, 2);
  rights.stay = false;
  await timers.advance(lookEveryMs);
  assert.ok(sink.ended);
  assert.equal(view.listeners, 0);
});

test('a reader whose rights are gone and that reads nothing does not keep its connection', async () => {
  const { view, timers, sink, rights } = start();
  sink.full = true;
  view.report(fakeMessage(1));
  await timers.advance(gatherMs * 2);
  rights.stay = false;
  await timers.advance(lookEveryMs);
  assert.ok(sink.ended);
  await timers.advance(1_000);
  assert.ok(sink.destroyed);
});

test('not one message more goes to a reader whose rights are gone', async () => {
  const { timers, sink, rights, view } = start();
  await timers.advance(gatherMs * 2);
  const before = sink.written.length;
  rights.stay = false;
  view.report(fakeMessage(1));
  await timers.advance(gatherMs * 2);
  assert.ok(sink.ended);
  assert.equal(sink.written.length, before);
});

test('a reader that went away leaves nothing behind', async () => {
  const { view, timers, sink } = start();
  sink.handlers.close?.();
  const before = sink.written.length;
  view.report(fakeMessage(1));
  await timers.advance(heartbeatEveryMs * 2);
  assert.equal(view.listeners, 0);
  assert.equal(sink.written.length, before);
});
