import type { JSX } from 'react';
import { roleCanMove } from '../../../src/model/role-actions.ts';
import type { RoleView } from '../../../src/model/role-api.ts';
import { Menu, type MenuItem } from '../parts/menu.tsx';
import { mayAsk, useMe } from '../session/allowed.ts';
import { texts } from '../texts.ts';
import type { WantedChange } from './change-dialog.tsx';

const t = texts.pool;

interface Props {
  readonly role: RoleView;
  readonly want: (change: WantedChange) => void;
}

/** Where a role may go, by the same table that the server goes by; what is not possible says why. */
export function RoleMenu({ role, want }: Props): JSX.Element {
  const may = mayAsk(useMe(), 'POST /api/v1/roles/:role');
  const forbidden = may === true ? null : may;
  const moves = role.servers.map((server): MenuItem => {
    const verdict = roleCanMove({
      role: role.role,
      pinnedTo: role.pinned?.name ?? null,
      isHolder: role.holder === server.coreId,
      server: { ...server, online: server.state !== 'offline' },
    });
    return {
      label: t.moveTo(server.name),
      icon: 'move',
      refused: forbidden ?? (verdict === true ? null : verdict),
      choose: () => want({ kind: 'move', role, server: server.name }),
    };
  });
  const pins =
    role.pinned === null
      ? role.servers.map((server): MenuItem => ({
          label: t.pinTo(server.name),
          icon: 'pin',
          refused: forbidden,
          choose: () => want({ kind: 'pin', role, server: server.name }),
        }))
      : [
          {
            label: t.unpin,
            icon: 'pin' as const,
            refused: forbidden,
            choose: () => want({ kind: 'unpin', role }),
          },
        ];
  return (
    <Menu label={t.changeOf(role.role)} className="small" items={[...moves, ...pins]}>
      {t.change}
    </Menu>
  );
}
