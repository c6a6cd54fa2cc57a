import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesOnlyIn } from './removal.ts';

test('entries that no majority of the others has are counted, whoever made them', () => {
  assert.equal(entriesOnlyIn({ a: 10, b: 5 }, [{ a: 10 }]), 5);
  assert.equal(
    entriesOnlyIn({ a: 10, b: 5 }, [
      { a: 10, b: 6 },
      { a: 10, b: 5, c: 1 },
    ]),
    0,
  );
  assert.equal(entriesOnlyIn({ a: 10, b: 5 }, [{ a: 10 }, { a: 3, b: 5 }]), 7 + 5);
  assert.equal(entriesOnlyIn({ a: 10 }, [{ a: 10 }, { a: 4 }, { a: 10 }]), 0);
  assert.equal(entriesOnlyIn({ a: 10 }, [{ a: 10 }, null]), 10);
  assert.equal(entriesOnlyIn({ a: 10 }, []), 10);
  assert.equal(entriesOnlyIn({}, [{ a: 1 }]), 0);
});
