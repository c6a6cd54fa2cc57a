import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { HttpCall } from '../../runtime/network.ts';
import { jsonAnswer, runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-definition-'));
  await writeFile(join(folder, 'authority.pem'), 'PEM');
});
after(() => rm(folder, { recursive: true }));

/** Asks a pool that answers every question with these, in this order; null: there is none. */
async function ask(words: string[], ...answers: unknown[]): Promise<Ran & { calls: HttpCall[] }> {
  const calls: HttpCall[] = [];
  const ran = await runFake(words, {
    runtime,
    workingDirectory: folder,
    environment: { WK_SERVER: 'https://m1:1', WK_TOKEN: 'wkt', WK_AUTHORITY: 'authority.pem' },
    answer: (call) => {
      calls.push(call);
      const answer = answers[calls.length - 1];
      if (answer !== null) return jsonAnswer(answer);
      return jsonAnswer({ error: { code: 'WK_NOT_FOUND', text: 'there is none', retry: false } }, 404);
    },
  });
  return { ...ran, calls };
}

const place = { kind: 'message-group', name: 'Storage' };
const shown = { ...place, revision: null, atMs: null, by: '', via: '', now: 7 };
const open = { unknown: 0, normal: 1, warning: 0, minor: 0, major: 2, critical: 0 };

function changeOf({ body }: { body?: HttpCall['body'] } = {}): unknown {
  return JSON.parse(String(body));
}

test('message-group set makes one, or changes what is given and keeps the rest', async () => {
  const made = await ask(['message-group', 'set', 'Storage', '--contact', 'Ann'], null, { revision: 9 });
  assert.equal(made.exitCode, 0, made.stderr);
  assert.deepEqual(changeOf(made.calls[1]), {
    changes: [{ ...place, revision: 0, content: { contact: 'Ann' } }],
    via: 'message-group set',
  });
  const content = { description: 'disks', contact: 'Ann' };
  const changed = await ask(
    ['message-group', 'set', 'Storage', '--contact', 'Ben', '--json'],
    { ...shown, content },
    { revision: 9 },
  );
  assert.deepEqual(JSON.parse(changed.stdout), {
    name: 'Storage',
    description: 'disks',
    contact: 'Ben',
    revision: 9,
  });
  const gone = await ask(['message-group', 'remove', 'Storage'], { ...shown, content }, { revision: 9 });
  assert.deepEqual(changeOf(gone.calls[1]), {
    changes: [{ ...place, revision: 7, content: null }],
    via: 'message-group remove',
  });
});

test('message-group list tells those that are defined from those that messages name', async () => {
  const none = { isDefined: false, description: null, contact: null, open };
  const groups = [
    { ...none, name: 'Storage', isDefined: true, contact: 'desk' },
    { ...none, name: 'web\n2' },
  ];
  const { stdout, stderr } = await ask(['message-group', 'list'], {
    groups: [...groups, { ...none, name: null }],
  });
  assert.match(stdout, /^Storage +yes +3 +major +desk/m);
  assert.match(stdout, /^web.2 +no +3/m);
  assert.match(stdout, /^\(none\) +– +3/m);
  assert.match(stderr, /^1 are not defined/);
});

test('status-variable set switches one, and says when nothing asks for it', async () => {
  const declared = { name: 'move', switched: null, declared: [{ policy: 'hours', initially: false }] };
  const set = ['status-variable', 'set', 'move', 'true'];
  const { calls, stderr } = await ask(set, null, { revision: 9 }, { variables: [declared] });
  assert.deepEqual(changeOf(calls[1]), {
    changes: [{ kind: 'status-variable', name: 'move', revision: 0, content: { value: true } }],
    via: 'status-variable set',
  });
  assert.equal(stderr, 'condition status variable move is true now\n');
  const unheard = await ask(set, null, { revision: 9 }, { variables: [{ ...declared, declared: [] }] });
  assert.match(unheard.stderr, /no policy in force declares move/);
  assert.notEqual((await ask(['status-variable', 'set', 'move', 'perhaps'])).exitCode, 0);
  const list = await ask(['status-variable', 'list'], { variables: [declared] });
  assert.match(list.stdout, /^move +– +– +– +hours \(false\)/m);
});

test('policy explain without a file asks the pool what is in force', async () => {
  const message = JSON.stringify({ group: 'Storage', node: 'db7' });
  const handling = {
    what: 'held',
    untilMs: Date.UTC(2026, 11, 5, 21),
    because: 'outage disks: new disks (ann)',
  };
  const share = { pool: 'desk', server: 'dba', share: 'control', because: 'rule "db"' };
  const words = ['policy', 'explain', '--message', message, '--at', '2026-12-05T20:00:00Z'];
  const { stdout, calls, exitCode, stderr } = await ask(words, {
    handling,
    shares: [share],
    nodeZone: 'UTC',
  });
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(JSON.parse(String(calls[0]?.body)), {
    message: { severity: 'normal', text: '', node: { name: 'db7' }, group: 'Storage' },
    atMs: Date.UTC(2026, 11, 5, 20),
  });
  assert.match(stdout, /^the message is held until 2026-12-05 21:00.*: outage disks: new disks \(ann\)$/m);
  assert.match(stdout, /^it goes to dba of pool desk, with control: rule "db"$/m);
  const open = await ask(words, { handling: null, shares: [], nodeZone: 'UTC' });
  assert.match(open.stdout, /stands open at once.*\nit goes to no other pool\n$/);
  const wrong = await ask([...words, '--set', 'move=true']);
  assert.match(wrong.stderr, /--set go with a file/);
  assert.equal(wrong.calls.length, 0);
});
