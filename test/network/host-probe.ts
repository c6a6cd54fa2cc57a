/**
 * Knocks every 20 ms at an address whose neighbour entry is fixed to one host, and prints when that host answered: a
 * connection accepted or refused is an answer, silence is not. Run one for each host, each on a host of its own.
 */
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { monotonicMs } from './monotonic.ts';

const { values } = parseArgs({
  options: { host: { type: 'string', default: '' }, port: { type: 'string', default: '' } },
});
const everyMs = 20;
const answerMsMax = 200;

setInterval(() => {
  const sentMs = monotonicMs();
  const socket = connect({ host: values.host, port: Number(values.port) });
  const answered = (): void => console.log(`answer ${sentMs} ${monotonicMs()}`);
  const timer = setTimeout(() => socket.destroy(), answerMsMax);
  socket.once('connect', () => {
    answered();
    socket.resetAndDestroy();
  });
  socket.once('error', (error) => {
    if ('code' in error && error.code === 'ECONNREFUSED') answered();
  });
  socket.once('close', () => clearTimeout(timer));
}, everyMs);
