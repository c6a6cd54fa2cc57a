import { nodeTimers } from '../runtime/node/clock.ts';
import { coordinationContract } from './contract.ts';
import { faultyCoordination } from './faulty.ts';
import { MemoryStore, openMemory } from './memory.ts';

const logRevisionsMax = 50;
const close = (): Promise<void> => Promise.resolve();

coordinationContract('memory', () => {
  const store = new MemoryStore(logRevisionsMax);
  const open = () => Promise.resolve(openMemory(store, nodeTimers));
  return Promise.resolve({ open, timers: nodeTimers, logRevisionsMax, close });
});

/** Slow and late, but nothing lost: the decorator must not change what the port promises. */
const slow = {
  call: () => ({ requestMs: 0, answerMs: 1, lost: 'nothing' as const }),
  watchMs: () => 1,
  retryMs: 1,
  callMs: 1_000,
};

coordinationContract('memory behind a slow network', () => {
  const store = new MemoryStore(logRevisionsMax);
  const open = () => Promise.resolve(faultyCoordination(openMemory(store, nodeTimers), nodeTimers, slow));
  return Promise.resolve({ open, timers: nodeTimers, logRevisionsMax, close });
});
