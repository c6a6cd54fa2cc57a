import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { severities } from '../../../src/model/severity.ts';
import {
  filterOfSearch,
  isNarrowed,
  messageFilterOf,
  noFilter,
  queryOf,
  searchOfFilter,
  type ViewFilter,
} from './view-filter.ts';

const filters: fc.Arbitrary<ViewFilter> = fc.record({
  state: fc.constantFrom('open', 'acknowledged', 'all'),
  severities: fc.subarray([...severities]),
  node: fc.string({ maxLength: 20 }),
  group: fc.string({ maxLength: 20 }),
  text: fc.string({ maxLength: 20, unit: 'grapheme' }),
  since: fc.constantFrom(null, '15m' as const, '7d' as const),
  grouped: fc.boolean(),
  same: fc.constantFrom('', '0123456789abc'),
});

test('a view survives its address, whatever is typed', () => {
  fc.assert(
    fc.property(filters, (filter) => {
      assert.deepEqual(filterOfSearch(searchOfFilter(filter)), { ...filter });
    }),
  );
});

test('an address with nonsense shows what one begins with', () => {
  assert.deepEqual(filterOfSearch('?state=gone&severity=loud,,&since=ever&x=1'), noFilter);
  assert.equal(searchOfFilter(noFilter), '');
});

test('the query says only what was chosen, a list as one name many times', () => {
  const filter = { ...noFilter, severities: ['major', 'critical'] as const, since: '1h' as const };
  assert.equal(
    queryOf(messageFilterOf(filter, 5_000_000), { limit: 100 }),
    'state=open&severities=major&severities=critical&sinceMs=1400000&limit=100',
  );
  assert.equal(isNarrowed(filter), true);
  assert.equal(isNarrowed({ ...noFilter, state: 'all' }), false);
});
