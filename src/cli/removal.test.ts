import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesOnlyIn } from './removal.ts';

test('entries that only the leaving server has are counted, whoever made them', () => {
  assert.equal(entriesOnlyIn({ a: 10, b: 5 }, [{ a: 10 }, { a: 3, b: 5 }]), 0);
  assert.equal(entriesOnlyIn({ a: 10, b: 5 }, [{ a: 7 }, { a: 3, b: 4, c: 9 }]), 4);
  assert.equal(entriesOnlyIn({ a: 10 }, []), 10);
  assert.equal(entriesOnlyIn({}, [{ a: 1 }]), 0);
});
