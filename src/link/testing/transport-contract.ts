import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transport } from '../../runtime/network.ts';

export interface TransportPair {
  readonly dialer: Transport;
  readonly acceptor: Transport;
  /** Lets so much time pass, real or virtual. */
  wait(ms: number): Promise<void>;
  dispose?(): void;
  /** Makes the acceptor stop and go on reading. */
  setDeaf(deaf: boolean): void;
}

export const contractMessageBytesMax = 1_000_000;

/** At least 10 s of waiting, real or virtual. */
const waitsMax = 10_000;

interface Heard {
  readonly messages: Buffer[];
  /** Why the connection ended; waits until it has. */
  closed(): Promise<string>;
  /** Resolves once so many messages have come. */
  count(wanted: number): Promise<void>;
}

function listenTo(transport: Transport, pair: TransportPair): Heard {
  const wait = (ms: number): Promise<void> => pair.wait(ms);
  const messages: Buffer[] = [];
  const whys: string[] = [];
  transport.onClose((why) => whys.push(why));
  transport.onMessage((message) => messages.push(Buffer.from(message)));
  return {
    messages,
    async closed() {
      for (let i = 0; i < waitsMax && whys[0] === undefined; i++) await wait(1);
      await wait(1);
      assert.equal(whys.length, 1);
      return whys[0] ?? '';
    },
    async count(wanted) {
      for (let i = 0; i < waitsMax && messages.length < wanted; i++) await wait(1);
      assert.equal(messages.length, wanted);
    },
  };
}

type Check = (what: string, run: (pair: TransportPair) => Promise<void>) => void;

/** What every Transport does: the one over TLS, the one in memory and the simulated one. */
export function transportContract(name: string, open: () => Promise<TransportPair>): void {
  const check: Check = (what, run) => {
    test(`${name}: ${what}`, { timeout: 20_000 }, async () => {
      const pair = await open();
      await run(pair);
      pair.dialer.terminate();
      pair.acceptor.terminate();
      pair.dispose?.();
    });
  };
  deliverySuite(check);
  closingSuite(check);
  backPressureSuite(check);
}

function deliverySuite(check: Check): void {
  check('messages arrive whole and in order, both ways', async (pair) => {
    const { dialer, acceptor } = pair;
    const [atDialer, atAcceptor] = [listenTo(dialer, pair), listenTo(acceptor, pair)];
    for (let i = 0; i < 500; i++) {
      dialer.send(Buffer.from(`up ${i} ${'x'.repeat(i * 7)}`));
      acceptor.send(Buffer.from(`down ${i}`));
    }
    await atDialer.count(500);
    await atAcceptor.count(500);
    atAcceptor.messages.forEach((text, i) => assert.equal(text.toString(), `up ${i} ${'x'.repeat(i * 7)}`));
    atDialer.messages.forEach((text, i) => assert.equal(text.toString(), `down ${i}`));
  });

  check('an empty message and one of the largest size arrive', async (pair) => {
    const { dialer, acceptor } = pair;
    const heard = listenTo(acceptor, pair);
    listenTo(dialer, pair);
    dialer.send(new Uint8Array(0));
    dialer.send(new Uint8Array(contractMessageBytesMax).fill(7));
    await heard.count(2);
    assert.deepEqual(
      heard.messages.map((message) => message.length),
      [0, contractMessageBytesMax],
    );
  });

  check('a message that is too large ends the connection on both ends', async (pair) => {
    const { dialer, acceptor } = pair;
    const [atDialer, atAcceptor] = [listenTo(dialer, pair), listenTo(acceptor, pair)];
    dialer.send(new Uint8Array(contractMessageBytesMax + 1));
    await atDialer.closed();
    await atAcceptor.closed();
    assert.equal(atAcceptor.messages.length, 0);
  });
}

function closingSuite(check: Check): void {
  check('what was sent before a close arrives, and both ends hear the reason', async (pair) => {
    const { dialer, acceptor } = pair;
    const [atDialer, atAcceptor] = [listenTo(dialer, pair), listenTo(acceptor, pair)];
    for (let i = 0; i < 100; i++) dialer.send(new Uint8Array(10_000));
    dialer.close('going home');
    dialer.send(Buffer.from('too late'));
    assert.equal(await atDialer.closed(), 'going home');
    assert.equal(await atAcceptor.closed(), 'going home');
    assert.equal(atAcceptor.messages.length, 100);
  });

  check('a dropped connection is heard of on both ends, and closing it again is harmless', async (pair) => {
    const [atDialer, atAcceptor] = [listenTo(pair.dialer, pair), listenTo(pair.acceptor, pair)];
    pair.dialer.terminate();
    assert.notEqual(await atDialer.closed(), '');
    assert.notEqual(await atAcceptor.closed(), '');
    pair.dialer.close('again');
    pair.dialer.terminate();
    pair.dialer.send(Buffer.from('x'));
  });

  check('closing towards a peer that does not read ends after a while all the same', async (pair) => {
    const heard = listenTo(pair.dialer, pair);
    listenTo(pair.acceptor, pair);
    pair.setDeaf(true);
    pair.dialer.send(Buffer.from('x'));
    pair.dialer.close('enough');
    assert.equal(await heard.closed(), 'enough');
  });
}

function backPressureSuite(check: Check): void {
  check('unsent bytes are counted while the peer does not read, and drain is heard', async (pair) => {
    const heard = listenTo(pair.acceptor, pair);
    listenTo(pair.dialer, pair);
    let drained = 0;
    pair.dialer.onDrain(() => (drained += 1));
    pair.setDeaf(true);
    // Kernels take megabytes on behalf of a process that does not read.
    for (let i = 0; i < 40; i++) pair.dialer.send(new Uint8Array(contractMessageBytesMax));
    await pair.wait(100);
    const unsentBytes = pair.dialer.bufferedBytes;
    assert.ok(unsentBytes > contractMessageBytesMax, `${unsentBytes} bytes unsent`);
    assert.equal(drained, 0);
    pair.setDeaf(false);
    await heard.count(40);
    await pair.wait(20);
    assert.equal(pair.dialer.bufferedBytes, 0);
    assert.ok(drained > 0);
  });
}
