import type { Applier, DecodedBody, EntryStamp } from '../../src/journal/applier.ts';
import type { Database } from '../../src/runtime/database.ts';

/** The same applier but for what `apply` makes of an entry; null leaves it out. */
function applying(
  applier: Applier,
  twist: (stamp: EntryStamp, body: DecodedBody) => [EntryStamp, DecodedBody] | null,
): Applier {
  return {
    apply: (stamp, body) => {
      const twisted = twist(stamp, body);
      if (twisted) applier.apply(...twisted);
    },
    beforeCommit: () => applier.beforeCommit(),
    afterRollback: () => applier.afterRollback(),
  };
}

/** A double of a message gets a new ID, so that it is stored twice. */
export function withoutDedupe(applier: Applier): Applier {
  const known = new Set<string>();
  return applying(applier, (stamp, body) => {
    if (body.kind !== 'messages') return [stamp, body];
    const messages = body.value.messages.map((message) => {
      const id = known.has(message.id) ? `${message.id.slice(0, -4)}dddd` : message.id;
      known.add(message.id);
      return { ...message, id };
    });
    return [stamp, { kind: 'messages', value: { ...body.value, messages } }];
  });
}

/** Decisions count whatever later holders said: the sink looks at no epoch. */
export function withoutVoiding(applier: Applier): Applier {
  return applying(applier, (stamp, body) => (body.kind === 'takeover' ? null : [stamp, body]));
}

/** Operations are stamped with their arrival, so that the last to arrive wins. */
export function byArrival(applier: Applier): Applier {
  let arrivals = 1;
  return applying(applier, (stamp, body) => {
    if (body.kind !== 'operations') return [stamp, body];
    arrivals += 1;
    const operations = body.value.operations.map((operation) => ({ ...operation, hlc: arrivals }));
    return [stamp, { kind: 'operations', value: { operations } }];
  });
}

/** Counts of open messages go up with everything that arrives, also with what is here already. */
export function withSummedCounts(applier: Applier, database: Database): Applier {
  const known = new Set<string>();
  let doubles = 0;
  const twisted = applying(applier, (stamp, body) => {
    if (body.kind === 'messages')
      for (const { id } of body.value.messages) {
        if (known.has(id)) doubles += 1;
        known.add(id);
      }
    return [stamp, body];
  });
  const add = database.prepare(
    `UPDATE totals SET value = json_set(value, '$.open[0]', json_extract(value, '$.open[0]') + ?) WHERE name = 'messages'`,
  );
  return {
    ...twisted,
    beforeCommit: () => {
      applier.beforeCommit();
      if (doubles === 0) return;
      add.run(doubles);
      doubles = 0;
      applier.afterRollback(); // It reads the totals anew.
    },
  };
}
