import { useMemo } from 'react';
import { messageCan } from '../../../src/model/message-actions.ts';
import type { MessageView } from '../../../src/model/api.ts';
import type { OperationKind } from '../../../src/model/operation.ts';
import { isAllowed, routePermission } from '../../../src/model/permissions.ts';
import { Rights } from '../../../src/model/rights.ts';
import type { WhoAmI } from '../../../src/model/users-api.ts';
import { useStore } from '../browser/store.ts';
import { texts } from '../texts.ts';
import { session, type Session } from './session.ts';

/** Who is in front of the page, with the rights that the servers hold them to. */
export interface Me {
  readonly name: string | null;
  readonly roles: readonly string[];
  readonly rights: Rights;
}

export function useMe(): Me {
  const now = useStore(session);
  return useMemo(() => meOf(now), [now]);
}

export function meOf(now: Session): Me {
  if (now.mode !== 'signed in') return { name: null, roles: [], rights: new Rights([]) };
  const { name, roles } = now.who;
  return { name, roles, rights: rightsOf(now.who) };
}

function rightsOf({ rights }: WhoAmI): Rights {
  return new Rights(
    rights.flatMap(({ right, scope }) =>
      scope === null ? [{ right }] : scope.map((selector) => ({ right, ...selector })),
    ),
  );
}

/** Whether the request would be let in at all, by the table that the servers go by; else why not. */
export function mayAsk(me: Me, route: string): true | string {
  const row = routePermission(route);
  return (row !== null && isAllowed(row, me.rights)) || texts.bulk.noRight(me.roles);
}

/** Whether doing that to this message is allowed and would change anything; else why not. */
export function mayOperate(me: Me, kind: OperationKind, message: MessageView): true | string {
  if (!me.rights.covers('operate', message)) return texts.bulk.noRight(me.roles);
  return messageCan(kind, message, me.name);
}
