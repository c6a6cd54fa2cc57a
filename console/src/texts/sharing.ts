import type { SharedTo } from '../../../src/model/sharing.ts';

export const sharingTexts = {
  sharing: {
    title: 'Where it was sent',
    nowhere: 'To no other pool.',
    cameFrom: (pool: string) => `Came from pool ${pool}`,
    sentTo: (pool: string, server: string) => `To pool ${pool} (${server})`,
    through: (number: number) => `through ${number} pools`,
    share: {
      control: 'with control',
      notify: 'for notice',
      acknowledge: 'for notice, it may be acknowledged there',
    },
    states: {
      waiting: 'waits to be sent',
      sent: 'sent, and stored there',
      refused: 'refused',
    } satisfies Record<SharedTo['state'], string>,
    decided: (epoch: number) => `decided under epoch ${epoch}`,
    void: 'void: a later holder did not know of it',
    control: (pool: string | null) =>
      pool === null ? 'This pool is in charge of it.' : `Pool ${pool} is in charge of it.`,
  },
} as const;
