import { useEffect, useState, type JSX } from 'react';
import { codeOf, errorTable, textOf } from '../../../src/model/errors.ts';
import { actingRole } from '../../../src/model/definitions.ts';
import {
  roleHistorySchema,
  roleViewSchema,
  type RoleRequest,
  type RoleView,
} from '../../../src/model/role-api.ts';
import { refreshAnswers } from '../api/answers.ts';
import { ask, tell } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { Dialog } from '../parts/dialog.tsx';
import { spanText } from '../settings/times.ts';
import { texts } from '../texts.ts';
import type { PoolFacts } from './pool-facts.ts';
import { historyPath } from './role-history.tsx';

const t = texts.move;
const waitMsMax = 20_000;

export type WantedChange =
  | { readonly kind: 'move' | 'pin'; readonly role: RoleView; readonly server: string }
  | { readonly kind: 'unpin'; readonly role: RoleView };

/** How far it is, in the order in which it comes. */
type Stage =
  { readonly name: 'preview' | 'asking' | 'waiting' } | { readonly name: 'over'; readonly text: string };

interface Props {
  readonly wanted: WantedChange;
  readonly facts: PoolFacts;
  readonly onClose: () => void;
}

/** Says what will happen, asks, and then says what did happen. */
export function ChangeDialog({ wanted, facts, onClose }: Props): JSX.Element {
  const [stage, setStage] = useState<Stage>({ name: 'preview' });
  const confirm = async (): Promise<void> => {
    setStage({ name: 'asking' });
    const text = await change(wanted, () => setStage({ name: 'waiting' }));
    setStage({ name: 'over', text });
    refreshAnswers();
  };
  return (
    <Dialog title={titleOf(wanted)} onClose={onClose}>
      <div className="dialog-body">
        <Preview wanted={wanted} facts={facts} />
        {stage.name !== 'preview' && (
          <p className="dialog-outcome" role="status">
            {stage.name === 'asking' && t.asking}
            {stage.name === 'waiting' && wanted.kind !== 'unpin' && t.waiting(wanted.server)}
            {stage.name === 'over' && stage.text}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {stage.name === 'over' ? texts.close : texts.cancel}
          </button>
          {stage.name === 'preview' && (
            <button type="button" className="button primary" autoFocus onClick={() => void confirm()}>
              {{ move: t.submit, pin: t.submitPin, unpin: t.submitUnpin }[wanted.kind]}
            </button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

function titleOf(wanted: WantedChange): string {
  const { role } = wanted.role;
  if (wanted.kind === 'unpin') return t.unpinTitle(role);
  return wanted.kind === 'move' ? t.title(role, wanted.server) : t.pinTitle(role, wanted.server);
}

function Preview({
  wanted,
  facts,
}: {
  readonly wanted: WantedChange;
  readonly facts: PoolFacts;
}): JSX.Element {
  const { role } = wanted;
  const silenceMs = usePlannedSilence(role.role);
  if (wanted.kind === 'unpin') return <p>{t.unpinAbout}</p>;
  const all = [...facts.servers.flatMap(({ roles }) => roles), ...facts.unheld];
  const agents = all.find((one) => one.role.role === role.role)?.agents.length ?? 0;
  const isVirtual = role.role !== actingRole;
  return (
    <ul className="preview">
      <li>
        {role.holderName === null ? t.fromNobody(wanted.server) : t.fromTo(role.holderName, wanted.server)}
      </li>
      {wanted.kind === 'pin' && <li>{t.pinAbout}</li>}
      {role.address !== null && <li>{t.address(role.address)}</li>}
      <li>{isVirtual ? t.agents(agents) : t.acting}</li>
      {role.address === window.location.host && <li>{t.thisPage}</li>}
      {silenceMs !== null && <li>{t.silence(spanText(silenceMs))}</li>}
    </ul>
  );
}

/** How long nobody held it at its last planned change; null while nobody knows. */
function usePlannedSilence(role: string): number | null {
  const [silenceMs, setSilence] = useState<number | null>(null);
  useEffect(() => {
    const ending = new AbortController();
    const read = async (): Promise<void> => {
      const { changes } = await ask(historyPath(role, 20), roleHistorySchema, { signal: ending.signal });
      setSilence(changes.find(({ planned }) => planned === true)?.unheldMs ?? null);
    };
    // Only a hint: without it the preview is as true.
    read().catch(() => undefined);
    return () => ending.abort();
  }, [role]);
  return silenceMs;
}

/** Resolves with what happened, in words. */
async function change(wanted: WantedChange, decided: () => void): Promise<string> {
  const { role } = wanted.role;
  const path = `/api/v1/roles/${encodeURIComponent(role)}`;
  const request: RoleRequest =
    wanted.kind === 'unpin' ? { kind: 'unpin' } : { kind: wanted.kind, server: wanted.server };
  try {
    await tell(path, request, roleViewSchema);
  } catch (error) {
    return errorTable[codeOf(error)].retry ? t.unknown : t.refused(textOf(error));
  }
  if (wanted.kind === 'unpin') return t.changed;
  decided();
  return untilHeld(path, wanted);
}

/** The move may be of the very address that we ask at, so a question without an answer is asked again. */
async function untilHeld(
  path: string,
  { role, server }: Extract<WantedChange, { server: string }>,
): Promise<string> {
  const deadlineMs = door.nowMs() + waitMsMax;
  while (door.nowMs() < deadlineMs) {
    try {
      const { holderName, epoch } = await ask(path, roleViewSchema, { timeoutMs: 2_000 });
      if (holderName === server && epoch > role.epoch) {
        const { changes } = await ask(historyPath(role.role, 5), roleHistorySchema, { timeoutMs: 2_000 });
        const unheldMs = changes.find((one) => one.epoch === epoch)?.unheldMs ?? null;
        return t.done(server, unheldMs === null ? null : spanText(unheldMs));
      }
      if (holderName === server && epoch === role.epoch) return t.done(server, null);
    } catch (error) {
      if (!errorTable[codeOf(error)].retry) return t.refused(textOf(error));
    }
    await door.sleep(250);
  }
  return t.late;
}
