import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderLine, widthOf } from './line.ts';
import { picture } from './picture.ts';
import { testView } from './test-view.ts';

function draw(width: number, rows: number, view = testView()): string[] {
  return picture(view, rows, width).map((line) => renderLine(line, width, false));
}

test('the picture says who acts, what is at risk, who lacks what, and how bad it is, without colour', () => {
  const text = draw(130, 40).join('\n');
  assert.match(text, /pool demo {2}2 of 3 servers {2}▲ at risk: server-1 is away/);
  assert.match(text, /server-1 +✖ offline.*no sign of life for 3 s, restarted 1×/);
  assert.match(text, /server-2 +● active +● epoch 2 +127\.0\.0\.1:7300 epoch 2/);
  assert.match(text, /server-2·aaaa 1,004 server-3 −4/);
  assert.match(text, /node-3 +▲ not connected/);
  assert.match(text, /✖ critical 1 .*● normal 1,200\n STORED +12,345 messages, 3 acknowledged/);
  assert.match(text, /✖ critical {2}node-1 {2}disk {2}disk full \[31m on \//);
  assert.match(text, /\$ npx watchkeeper message list --follow/);
});

test('it fits any terminal: never wider, and the messages give way when it is low', () => {
  for (const [width, rows] of [
    [40, 24],
    [80, 24],
    [200, 60],
  ] as const) {
    const lines = draw(width, rows, testView({ messages: Array(100).fill(testView().messages[0]) }));
    assert.ok(lines.every((line) => widthOf(line) <= width));
    assert.ok(lines.length <= rows, `${lines.length} lines on ${rows} rows`);
  }
});

test('a command that is wider than the terminal goes on in the next line, ready to be copied', () => {
  const connect = ['npx watchkeeper message send --config /tmp/demo/node-1.yaml --text hello'];
  const lines = draw(40, 40, testView({ connect }));
  const shown = lines.slice(
    lines.findIndex((line) => line.startsWith(' $ ')),
    -1,
  );
  assert.ok(shown.length > 1);
  assert.equal(shown.map((line) => line.replace(/^ [$ ] /, '').replace(/ \\$/, ' ')).join(''), connect[0]);
});

test('the address of the console stands whole on a line, or the picture says where to find it', () => {
  const { consoleUrl } = testView();
  assert.ok(draw(100, 40, testView()).some((line) => line.trim() === consoleUrl));
  const narrow = draw(30, 40, testView()).join('\n');
  assert.ok(!narrow.includes('token='));
  assert.match(narrow, /The console: its address/);
});

test('while nobody answers it says so instead', () => {
  const text = draw(80, 24, testView({ status: null, because: 'server-1 does not answer' })).join('\n');
  assert.match(text, /… server-1 does not answer/);
});

test('colour is added, never needed, and never counted', () => {
  const [line = ''] = picture(testView(), 24, 80).map((each) => renderLine(each, 80, true));
  assert.ok(line.startsWith('\u001b[1m watchkeeper demo'));
});
