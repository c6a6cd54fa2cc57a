/**
 * The one test command: `npm test`, `npm test -- --quick`, `npm test -- --only STAGE`. Its last line says
 * `N passed, N failed`, with `, N skipped` where something could not run here.
 */
import { parseArgs } from 'node:util';
import { installNeeds } from './runner/needs.ts';
import { add, none, summary, type Counts, type Stage } from './runner/stage.ts';
import { stages } from './runner/stages.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log('npm test [-- --quick] [-- --only STAGE]\n');
  for (const stage of stages) console.log(`  ${stage.name.padEnd(10)} ${stage.about}`);
  process.exit(0);
}
const unknown = (values.only ?? []).find((name) => !stages.some((stage) => stage.name === name));
if (unknown !== undefined) {
  console.error(`no stage is called ${unknown}; there are ${stages.map((stage) => stage.name).join(', ')}`);
  process.exit(2);
}
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

const startedMs = Date.now();
const say = (line: string): void => console.log(`   ${line}`);
await installNeeds(say);
let total: Counts = none;
for (const stage of stages.filter(isWanted)) total = add(total, await runStage(stage));
console.log(`== all stages took ${seconds(startedMs)}`);
console.log(summary(total));
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

function isWanted(stage: Stage): boolean {
  return values.only ? values.only.includes(stage.name) : !(values.quick && stage.slow === true);
}

async function runStage(stage: Stage): Promise<Counts> {
  const stageStartedMs = Date.now();
  console.log(`== ${stage.name}: ${stage.about}`);
  const counts = await stage.run({ quick: values.quick, say });
  console.log(`   ${stage.name}: ${summary(counts)} (${seconds(stageStartedMs)})`);
  return counts;
}

function seconds(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}
