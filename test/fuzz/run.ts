import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { codeOf, textOf } from '../../src/model/errors.ts';
import { FuzzRandom, mutate, mutateBytes } from './mutate.ts';
import { parsers, type FuzzedParser } from './parsers.ts';

const usage = `Reads faulty inputs with every parser that takes what strangers send or people write.
  node test/fuzz/run.ts [--inputs 100000] [--seed 1] [--only NAME]
  node test/fuzz/run.ts --only NAME --seed S --case N    one input again, and what it is
`;
const blocksMs = 50;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    case: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

interface Finding {
  readonly parser: string;
  readonly number: number;
  readonly what: string;
}

/** Each input has a seed of its own, so that one can be made again without those before it. */
function inputOf(parser: FuzzedParser, seed: number, number: number): { text: string; bytes: Uint8Array } {
  const random = new FuzzRandom(Math.imul(seed, 1_000_003) ^ number);
  if (!parser.isBinary) return { text: mutate(parser.examples, random), bytes: new Uint8Array() };
  const examples = parser.examples.map((example) => Uint8Array.from(Buffer.from(example, 'latin1')));
  return { text: '', bytes: mutateBytes(examples, random) };
}

/** Null when it was taken or refused in order, else what went wrong; `ms` is how long it took. */
function tryOne(
  parser: FuzzedParser,
  text: string,
  bytes: Uint8Array,
): { ms: number; wrong: string | null; taken: boolean } {
  const startedMs = performance.now();
  try {
    parser.read(text, bytes);
    return { ms: performance.now() - startedMs, wrong: null, taken: true };
  } catch (error) {
    const ms = performance.now() - startedMs;
    const isInOrder = codeOf(error) !== 'WK_INTERNAL' || parser.expected?.(error) === true;
    return { ms, wrong: isInOrder ? null : `it threw ${textOf(error)}`, taken: false };
  }
}

function fuzz(parser: FuzzedParser, seed: number, inputs: number): Finding[] {
  const findings: Finding[] = [];
  let slowestMs = 0;
  let taken = 0;
  const startedMs = performance.now();
  for (let number = 0; number < inputs && findings.length < 3; number++) {
    const { text, bytes } = inputOf(parser, seed, number);
    const first = tryOne(parser, text, bytes);
    taken += first.taken ? 1 : 0;
    let { ms } = first;
    // The machine may have been busy with something else: what is slow is slow each time.
    for (let again = 0; again < 3 && ms > blocksMs; again++)
      ms = Math.min(ms, tryOne(parser, text, bytes).ms);
    slowestMs = Math.max(slowestMs, ms);
    const wrong = first.wrong ?? (ms > blocksMs ? `it took ${Math.round(ms)} ms` : null);
    if (wrong !== null) findings.push({ parser: parser.name, number, what: wrong });
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(
    `${parser.name}: ${inputs} inputs, ${taken} taken, slowest ${slowestMs.toFixed(1)} ms, ${seconds.toFixed(1)} s`,
  );
  // Faults that nothing survives would only ever try the first check.
  if (taken === 0) findings.push({ parser: parser.name, number: 0, what: 'no input at all was taken' });
  return findings;
}

/** Each parser in a process of its own, two at a time: they share nothing, and a crash is one parser's. */
async function runAll(all: readonly FuzzedParser[]): Promise<void> {
  const waiting = [...all];
  const work = async (): Promise<void> => {
    for (let parser = waiting.shift(); parser !== undefined; parser = waiting.shift()) {
      const args = ['--only', parser.name, '--inputs', values.inputs, '--seed', values.seed];
      const child = spawn(process.execPath, ['--no-warnings', import.meta.filename, ...args], {
        stdio: 'inherit',
      });
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      if (code === null) console.log(`FAILED: ${parser.name}: the process ended with ${signal}`);
      if (code !== 0) process.exitCode = 1;
    }
  };
  await Promise.all([work(), work()]);
}

function main(): void {
  if (values.help) return void process.stdout.write(usage);
  const seed = Number(values.seed);
  const chosen = parsers.filter(({ name }) => values.only === undefined || name === values.only);
  if (chosen.length === 0) throw new Error(`there is no parser ${values.only}`);
  if (values.case !== undefined) {
    for (const parser of chosen) {
      const { text, bytes } = inputOf(parser, seed, Number(values.case));
      console.log(parser.isBinary ? Buffer.from(bytes).toString('hex') : JSON.stringify(text));
      console.log(tryOne(parser, text, bytes));
    }
    return;
  }
  if (values.only === undefined) return void runAll(chosen);
  const findings = chosen.flatMap((parser) => fuzz(parser, seed, Number(values.inputs)));
  for (const { parser, number, what } of findings)
    console.log(
      `FAILED: ${parser}: ${what}; node test/fuzz/run.ts --only ${parser} --seed ${seed} --case ${number}`,
    );
  if (findings.length > 0) process.exitCode = 1;
}

main();
