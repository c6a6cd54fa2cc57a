import { useState, type JSX } from 'react';
import { actionAnswerSchema, type OfferedAction } from '../../../src/model/action-api.ts';
import { errorTable, codeOf, textOf } from '../../../src/model/errors.ts';
import { tell } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { ActionButton } from '../parts/action-button.tsx';
import { mayAsk, useMe } from '../session/allowed.ts';
import { texts } from '../texts.ts';

const t = texts.offered;

interface Props {
  readonly message: string;
  readonly offered: OfferedAction;
}

/** What the policy that made a message offers for it: one press does it, and what becomes of it stands among the actions below. */
export function OfferedActionPart({ message, offered }: Props): JSX.Element {
  const me = useMe();
  const [said, setSaid] = useState<{ readonly text: string; readonly isFault: boolean } | null>(null);
  // Kept until it is known what became of the request, so that asking again runs nothing twice.
  const [key, setKey] = useState<string | null>(null);
  const { policy, tool, nodeName, command, acknowledge } = offered;
  const press = async (): Promise<void> => {
    const idempotencyKey = key ?? door.uuidV7();
    setKey(idempotencyKey);
    setSaid({ text: texts.run.asking, isFault: false });
    try {
      const answer = await tell(
        `/api/v1/messages/${message}/actions`,
        { idempotencyKey },
        actionAnswerSchema,
      );
      setKey(null);
      const [refused] = answer.refused;
      setSaid(
        refused ? { text: t.refused(refused.because), isFault: true } : { text: t.asked, isFault: false },
      );
    } catch (error) {
      const isUnknown = errorTable[codeOf(error)].retry;
      if (!isUnknown) setKey(null);
      setSaid({ text: isUnknown ? t.unknown(textOf(error)) : t.refused(textOf(error)), isFault: true });
    }
  };
  return (
    <section aria-label={t.title}>
      <h2>{t.title}</h2>
      <p className="faint">{t.what(policy, tool, nodeName, acknowledge)}</p>
      {command.length > 0 && <code className="command">{command.join(' ')}</code>}
      <div className="detail-actions">
        <ActionButton
          label={t.press(tool, nodeName)}
          icon="run"
          refused={whyNot(mayAsk(me, 'POST /api/v1/messages/:id/actions'), offered)}
          onPress={() => void press()}
        />
      </div>
      {said !== null && (
        <p className={said.isFault ? 'fault-text' : 'faint'} role={said.isFault ? 'alert' : 'status'}>
          {said.text}
        </p>
      )}
    </section>
  );
}

function whyNot(may: true | string, offered: OfferedAction): string | null {
  const because = may === true ? offered.whyNot : may;
  return because === null ? null : texts.bulk.nothing(because);
}
