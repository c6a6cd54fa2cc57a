import type { KeeperMessage, ServerMessage } from '../../src/pool/grants.ts';
import type { Parent } from '../../src/runtime/commands.ts';
import type { SimProcess } from '../world/process.ts';
import type { RoleJudge } from './role-judge.ts';

/** The pipe between a keeper and its server process, with the judge listening. `holds`: whether it would act now. */
export function overheard(
  process: SimProcess,
  parent: Parent,
  judge: RoleJudge,
  holds: (role: string) => boolean,
): Parent {
  return {
    ...parent,
    send: (message) => {
      const said = message as ServerMessage;
      if (said.kind === 'released') judge.released(process, said.role, said.epoch);
      parent.send(message);
    },
    onMessage: (handler) =>
      parent.onMessage((message) => {
        const said = message as KeeperMessage;
        if (said.kind === 'grants') judge.heard(process, said.grants);
        if (said.kind === 'ask') judge.asked(process);
        handler(message);
        if (said.kind === 'grants') judge.obeyed(process, said.grants, holds);
      }),
  };
}
