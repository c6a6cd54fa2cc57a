import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { commandTable } from '../../src/cli/table/command-table.ts';
import { commandPermissions } from '../../src/model/command-permissions.ts';
import { linkPermissions, routeOf, routePermissions } from '../../src/model/permissions.ts';
import { root } from '../runner/run-program.ts';
import { linkTypes, permissionMatrix } from './matrix.ts';

test('docs/who-may-do-what.md is what a server does; node test/write-docs.ts writes it anew', async () => {
  const matrix = await permissionMatrix();
  assert.equal(readFileSync(path.join(root, 'docs/who-may-do-what.md'), 'utf8'), matrix);
  for (const cell of matrix.matchAll(/^\| `.*$/gm))
    assert.ok(!/\|\s+\|\s*(yes|401|–|cut)/.test(cell[0]), cell[0]);
  assert.deepEqual(
    openToStrangers(matrix),
    forAnyone,
    'a row that was written down in error is one all the same',
  );
});

const forAnyone = Object.keys(routePermissions)
  .filter((route) => routePermissions[route]?.who === 'anyone')
  .toSorted();

/** Routes where somebody whom the pool does not know got past the check of who asks. */
function openToStrangers(matrix: string): string[] {
  const [head = '', , ...rows] = matrix.split('\n').filter((line) => line.startsWith('|'));
  const callers = cellsOf(head);
  const strangers = [
    'nobody',
    'self-signed',
    'self-signed server',
    'self-made',
    'other authority',
    'agent',
    'witness',
    'virtual interface',
    'removed user',
    'expired token',
  ];
  assert.ok(strangers.every((one) => callers.includes(one)));
  return rows
    .map(cellsOf)
    .filter(([route = '']) => Object.hasOwn(routePermissions, route))
    .filter((cells) => strangers.some((one) => cells[callers.indexOf(one)] === 'yes'))
    .map(([route = '']) => route)
    .toSorted();
}

test('who was revoked gets nothing at all, not even what is for anyone', () => {
  const tables = readFileSync(path.join(root, 'docs/who-may-do-what.md'), 'utf8').split('\n## ');
  let tried = 0;
  for (const table of tables) {
    const [head = '', , ...rows] = table.split('\n').filter((line) => line.startsWith('|'));
    for (const [at, caller] of cellsOf(head).entries())
      if (caller.startsWith('revoked ') && rows.length > 0)
        for (const row of rows) {
          tried += 1;
          assert.notEqual(cellsOf(row)[at], 'yes', `${caller}: ${row}`);
        }
  }
  assert(tried > 3 * (forAnyone.length + linkTypes.length), `only ${tried} cells`);
});

function cellsOf(row: string): string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));
}

test('every type of message, and every command, has a row', () => {
  assert.deepEqual(Object.keys(linkPermissions).toSorted(), linkTypes.toSorted());
  assert.deepEqual(
    Object.keys(commandPermissions).toSorted(),
    commandTable.map(({ path }) => path).toSorted(),
  );
});

test('commands name routes that there are', () => {
  for (const [command, { asks }] of Object.entries(commandPermissions))
    for (const route of asks) assert.ok(Object.hasOwn(routePermissions, route), `${command}: ${route}`);
});

test('a request is told by its path, and what has a name like the built-in ones of an object is nothing', () => {
  assert.equal(routeOf('GET', '/api/v1/messages/7?x=1'), 'GET /api/v1/messages/:id');
  assert.equal(routeOf('GET', '/api/v1/roles/a%2Fb/history'), 'GET /api/v1/roles/:role/history');
  for (const path of ['/api/v1/messages/', '/api/v1/messages/7/8', '/__proto__', '/constructor', ''])
    assert.equal(routeOf('GET', path), null, path);
});
