import { useState, type FormEvent, type JSX } from 'react';
import {
  actionAnswerSchema,
  toolViewsSchema,
  type ActionAnswer,
  type ActionRequestInput,
  type ToolView,
} from '../../../src/model/action-api.ts';
import { codeOf, errorTable, textOf } from '../../../src/model/errors.ts';
import { tell } from '../api/api.ts';
import { PolledAnswer, usePolled } from '../api/polled.ts';
import { door } from '../browser/door.ts';
import { Blank } from '../parts/blank.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { texts } from '../texts.ts';
import { ActionList } from './action-list.tsx';
import { ParameterFields, givenOf } from './parameter-fields.tsx';
import { useActions } from './use-actions.ts';

const t = texts.run;
const tools = new PolledAnswer('/api/v1/tools', toolViewsSchema, 10_000);
const namesShown = 8;
const askAgainMs = 1_000;
const askMsMax = 60_000;

interface Props {
  /** Names; with a message the node that it came from. */
  readonly nodes: readonly string[];
  /** What it is about, if anything. */
  readonly message?: string;
  readonly onClose: () => void;
}

/** Chooses a tool, asks for what it needs, runs it, and stays to show what becomes of it on each node. */
export function RunDialog({ nodes, message, onClose }: Props): JSX.Element {
  const { value, error } = usePolled(tools);
  const [name, choose] = useState<string | null>(null);
  const [answer, setAnswer] = useState<ActionAnswer | null>(null);
  const all = value?.tools ?? [];
  const tool = all.find((one) => one.name === name) ?? all[0];
  const [only] = nodes;
  const title = nodes.length === 1 && only !== undefined ? t.titleOne(only) : t.title(nodes.length);
  return (
    <Dialog title={title} onClose={onClose} isWide>
      <div className="dialog-body">
        {value === null && (
          <Blank
            icon={error === null ? 'search' : 'alert'}
            title={error === null ? texts.loading : t.failed(error)}
            isFault={error !== null}
          />
        )}
        {value !== null && tool === undefined && (
          <Blank icon="search" title={t.noTools} hint={t.noToolsHint} />
        )}
        {tool !== undefined && answer === null && (
          <RunForm
            key={tool.name}
            {...{ all, tool, choose, nodes, onClose, done: setAnswer }}
            {...(message !== undefined && { message })}
          />
        )}
        {answer !== null && <Answered answer={answer} />}
        {(answer !== null || tool === undefined) && (
          <div className="dialog-actions">
            <button type="button" className="button" onClick={onClose}>
              {texts.close}
            </button>
          </div>
        )}
      </div>
    </Dialog>
  );
}

interface FormProps extends Props {
  readonly all: readonly ToolView[];
  readonly tool: ToolView;
  readonly choose: (name: string) => void;
  readonly done: (answer: ActionAnswer) => void;
}

function RunForm({ all, tool, choose, nodes, message, onClose, done }: FormProps): JSX.Element {
  const [said, setSaid] = useState<{ readonly text: string; readonly isOver: boolean } | null>(null);
  const isAsking = said?.isOver === false;
  const send = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const request: ActionRequestInput = {
      tool: tool.name,
      parameters: givenOf(tool, new FormData(event.currentTarget)),
      ...(message === undefined ? { nodes: [...nodes] } : { message }),
      idempotencyKey: door.uuidV7(),
    };
    setSaid({ text: t.asking, isOver: false });
    try {
      done(await askUntilAnswered(request, () => setSaid({ text: t.again, isOver: false })));
    } catch (error) {
      setSaid({ text: t.notAsked(textOf(error)), isOver: true });
    }
  };
  return (
    <form className="run-form" onSubmit={(event) => void send(event)}>
      <label className="labelled">
        {t.tool}
        <select className="field" value={tool.name} onChange={({ target }) => choose(target.value)}>
          {all.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
      </label>
      {tool.description !== null && <p>{tool.description}</p>}
      <code className="command">{tool.command.join(' ')}</code>
      <ParameterFields tool={tool} />
      <p className="faint">
        {t.nodes} {nodes.slice(0, namesShown).join(', ')}
        {nodes.length > namesShown && ` ${t.moreNodes(nodes.length - namesShown)}`}.{' '}
        {tool.user !== null && `${t.asUser(tool.user)} `}
        {t.within} {message !== undefined && t.becomesAnnotation}
      </p>
      {said !== null && (
        <p className={said.isOver ? 'fault-text' : 'dialog-outcome'} role={said.isOver ? 'alert' : 'status'}>
          {said.text}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {texts.cancel}
        </button>
        <button type="submit" className="button primary" disabled={isAsking}>
          {t.submit}
        </button>
      </div>
    </form>
  );
}

/** Without an answer nobody knows whether it was asked; with the same key asking again runs nothing twice. */
async function askUntilAnswered(request: ActionRequestInput, again: () => void): Promise<ActionAnswer> {
  const untilMs = door.nowMs() + askMsMax;
  for (;;)
    try {
      return await tell('/api/v1/actions', request, actionAnswerSchema);
    } catch (error) {
      if (!errorTable[codeOf(error)].retry || door.nowMs() > untilMs) throw error;
      again();
      await door.sleep(askAgainMs);
    }
}

function Answered({ answer: { request, refused } }: { readonly answer: ActionAnswer }): JSX.Element {
  return (
    <>
      {request === null ? (
        <p className="fault-text" role="alert">
          {texts.toolRuns.none}
        </p>
      ) : (
        <RequestActions request={request} />
      )}
      {refused.length > 0 && (
        <details open={request === null}>
          <summary>
            {texts.toolRuns.refused}: {refused.length}
          </summary>
          <ul className="refused">
            {refused.map(({ nodeName, because }) => (
              <li key={nodeName}>
                <strong>{nodeName}</strong> {because}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

export function RequestActions({ request }: { readonly request: string }): JSX.Element {
  return <ActionList now={useActions({ request })} />;
}
