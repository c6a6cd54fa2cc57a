import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { HttpCall } from '../../runtime/network.ts';
import { jsonAnswer, runFake, type Ran } from '../fake-cli.ts';
import { chosenNodes, parsePercentages, phaseEnds } from '../asking/primary-phases.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-primary-'));
  await writeFile(join(folder, 'authority.pem'), 'PEM');
});
after(() => rm(folder, { recursive: true }));

const node = (name: string) => ({
  coreId: name,
  name,
  state: 'current' as string,
  groups: name.startsWith('web') ? ['web'] : [],
  policies: [],
  primary: null as string | null,
  digest: 'd',
  running: null as object | null,
});
const names = Array.from({ length: 10 }, (_, at) => `web${at}`);

/** A pool whose nodes follow at once, except those that refuse and those that are away. */
async function set(
  words: string[],
  { refusing = [], away = [] }: { refusing?: string[]; away?: string[] } = {},
): Promise<Ran & { asked: string[][] }> {
  const nodes = [...names, 'db1'].map(node);
  const asked: string[][] = [];
  const answer = (call: HttpCall) => {
    if (call.method !== 'POST') return jsonAnswer({ nodes });
    const body = JSON.parse(call.body ?? '');
    asked.push(body.nodes);
    for (const one of nodes.filter(({ name }) => body.nodes.includes(name))) {
      one.primary = body.manager;
      if (away.includes(one.name)) one.state = 'pending';
      if (!refusing.includes(one.name)) continue;
      one.state = 'refused';
      one.running = { generation: 1, digest: 'x', refused: { digest: 'd', text: 'm2 may not become it' } };
    }
    return jsonAnswer({ nodes: body.nodes.length });
  };
  const ran = await runFake(['node', 'set-primary', ...words], {
    runtime,
    workingDirectory: folder,
    environment: { WK_SERVER: 'https://m1:1', WK_TOKEN: 'wkt', WK_AUTHORITY: 'authority.pem' },
    answer,
  });
  return { ...ran, asked };
}

test('phases go on while nodes follow, and each has more of them', async () => {
  const { exitCode, stderr, asked } = await set(['m2', '--group', 'web', '--phases', '10%,50%,100%']);
  assert.equal(exitCode, 0);
  assert.deepEqual(
    asked.map(({ length }) => length),
    [1, 4, 5],
  );
  assert.deepEqual(asked.flat().toSorted(), names);
  assert.match(stderr, /phase 3 of 3: 10 of 10 nodes followed, 0 refused, 0 have not answered/);
});

test('a refusal ends the phases and says who and why; who is away is waited for and told', async () => {
  const [first = ''] = chosenNodes(names.map(node) as never, { patterns: [], groups: [], all: true }).map(
    ({ name }) => name,
  );
  const refused = await set(['m2', '--node', 'web*', '--phases', '10%'], { refusing: [first] });
  assert.equal(refused.exitCode, 7);
  assert.deepEqual(refused.asked, [[first]]);
  assert.match(refused.stderr, /the phases that follow are left out/);
  assert.match(refused.stdout, new RegExp(`${first} +refused +m2 may not become it`));
  const silent = await set(['m2', '--all', '--wait', '20ms'], { away: ['db1'] });
  assert.equal(silent.exitCode, 7);
  assert.match(silent.stdout, /db1 +no answer +its agent is not connected/);
});

test('what is not meant is refused before anything is asked', async () => {
  for (const words of [['m2'], ['m2', '--clear', '--all'], ['--all'], ['m2', '--node', 'x*']]) {
    const { exitCode, asked } = await set(words);
    assert.notEqual(exitCode, 0, words.join(' '));
    assert.deepEqual(asked, []);
  }
  assert.deepEqual(
    ['10%,5%', '0%', '101%', 'x', ''].map((text) => parsePercentages(text)),
    [null, null, null, null, null],
  );
  assert.deepEqual(
    [parsePercentages('5,25%'), phaseEnds([10, 20, 100], 3)],
    [
      [5, 25, 100],
      [1, 3],
    ],
  );
});
