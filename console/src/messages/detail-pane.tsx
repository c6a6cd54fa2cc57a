import { useEffect, useState, type JSX, type ReactNode } from 'react';
import { messageDetailSchema, type MessageDetail, type OperationView } from '../../../src/model/api.ts';
import { codeOf, textOf } from '../../../src/model/errors.ts';
import { operationKinds } from '../../../src/model/operation.ts';
import { consolePages } from '../../../src/model/console-pages.ts';
import { ActionList } from '../actions/action-list.tsx';
import { OfferedActionPart } from '../actions/offered-action.tsx';
import { RunDialog } from '../actions/run-dialog.tsx';
import { useActions } from '../actions/use-actions.ts';
import { ask } from '../api/api.ts';
import { live } from '../live/live-stream.ts';
import { undertake } from '../operations/operations.ts';
import { ActionButton } from '../parts/action-button.tsx';
import { Blank } from '../parts/blank.tsx';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { SeverityChip } from '../parts/severity-chip.tsx';
import { mayAsk, mayOperate, useMe } from '../session/allowed.ts';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { linkTo } from './addresses.ts';
import { actionIcons } from './bulk-bar.tsx';
import { copyText } from '../browser/copy-text.ts';
import { MessageSharingList } from './message-sharing.tsx';
import { noFilter, searchOfFilter } from './view-filter.ts';

const t = texts.detail;

interface Props {
  readonly id: string;
  readonly close: () => void;
  readonly annotate: () => void;
}

export function DetailPane({ id, close, annotate }: Props): JSX.Element {
  const { detail, error } = useDetail(id);
  const [isCopied, setCopied] = useState(false);
  useEffect(() => setCopied(false), [id]);
  return (
    <aside className="detail" aria-label={t.label}>
      <header className="detail-head">
        {detail !== null && <SeverityChip severity={detail.message.severity} />}
        <span className="detail-node">{detail?.message.nodeName}</span>
        <button
          type="button"
          className="button quiet small"
          onClick={() => void copyText(linkTo(id)).then(setCopied)}
        >
          <Icon name="link" />
          <span role="status">{isCopied ? t.copied : t.copyLink}</span>
        </button>
        <button type="button" className="button quiet icon-only" aria-label={texts.close} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {detail === null && error === null && <Blank icon="search" title={texts.loading} />}
      {detail === null && error !== null && <Blank icon="alert" title={error} isFault />}
      {detail !== null && <DetailBody detail={detail} annotate={annotate} />}
    </aside>
  );
}

function DetailBody({
  detail,
  annotate,
}: {
  readonly detail: MessageDetail;
  readonly annotate: () => void;
}): JSX.Element {
  const { message } = detail;
  const me = useMe();
  const mayRun = mayAsk(me, 'POST /api/v1/actions');
  const [isRunning, setRunning] = useState(false);
  return (
    // Long details scroll, so the keyboard must reach them.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="detail-body" tabIndex={0}>
      <p className="detail-text">{message.text}</p>
      <div className="detail-actions">
        {operationKinds.map((kind) => {
          const verdict = mayOperate(me, kind, message);
          return (
            <ActionButton
              key={kind}
              label={texts.actions[kind]}
              icon={actionIcons[kind]}
              refused={verdict === true ? null : texts.bulk.nothing(verdict)}
              onPress={() => (kind === 'annotate' ? annotate() : void undertake(kind, [message.id]))}
            />
          );
        })}
        <ActionButton
          label={texts.run.open}
          icon="run"
          refused={mayRun === true ? null : texts.bulk.nothing(mayRun)}
          onPress={() => setRunning(true)}
        />
      </div>
      {isRunning && (
        <RunDialog nodes={[message.nodeName]} message={message.id} onClose={() => setRunning(false)} />
      )}
      {detail.offered !== undefined && (
        <OfferedActionPart key={message.id} message={message.id} offered={detail.offered} />
      )}
      <Facts detail={detail} />
      <MessageActions message={message.id} />
      <MessageSharingList sharing={detail.sharing} />
      <History detail={detail} />
    </div>
  );
}

function Facts({ detail: { message, messageGroup } }: { readonly detail: MessageDetail }): JSX.Element {
  const times = useTimes();
  const { createdMs, receivedMs, nodeName, owner, state, acknowledgedBy, id, attributes = {} } = message;
  const optional = ['group', 'application', 'object', 'key', 'source'] as const;
  return (
    <>
      <h2>{t.facts}</h2>
      <dl className="facts">
        <Fact name={t.state}>{state === 'open' ? t.open : t.acknowledgedBy(acknowledgedBy)}</Fact>
        {owner !== null && <Fact name={t.owner}>{owner}</Fact>}
        <Fact name={t.node}>
          <Link to={`${consolePages.messages}${searchOfFilter({ ...noFilter, node: nodeName })}`}>
            {nodeName}
          </Link>
        </Fact>
        {optional.map(
          (name) =>
            message[name] !== undefined && (
              <Fact key={name} name={t[name]}>
                {message[name]}
              </Fact>
            ),
        )}
        {messageGroup !== undefined && <Fact name={t.groupAbout}>{t.groupSays(messageGroup)}</Fact>}
        <Fact name={t.created}>{times.full(createdMs)}</Fact>
        <Fact name={t.received}>{times.full(receivedMs)}</Fact>
        {Object.entries(attributes).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
        <Fact name={t.id}>
          <code>{id}</code>
        </Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What was run on its node for this message; nothing where nothing was. */
function MessageActions({ message }: { readonly message: string }): JSX.Element | null {
  const now = useActions({ message });
  if (now.actions === null || now.actions.length === 0) return null;
  return (
    <>
      <h2>{t.actions}</h2>
      <ActionList now={now} />
    </>
  );
}

/** Why it is here, and everything that was done or decided about it since, in order. */
function History({ detail: { message, operations } }: { readonly detail: MessageDetail }): JSX.Element {
  const times = useTimes();
  return (
    <>
      <h2>{t.history}</h2>
      <ol className="history">
        <li>
          <time>{times.full(message.createdMs)}</time>
          <p>{t.historyReported(message.nodeName)}</p>
        </li>
        <li>
          <time>{times.full(message.receivedMs)}</time>
          <p>{t.historyStored}</p>
        </li>
        {operations.map((operation) => (
          <Step key={operation.id} operation={operation} time={times.full(operation.atMs)} />
        ))}
      </ol>
    </>
  );
}

function Step({
  operation,
  time,
}: {
  readonly operation: OperationView;
  readonly time: string;
}): JSX.Element {
  const { kind, by, text, decision } = operation;
  const times = useTimes();
  return (
    <li className={decision?.void === true ? 'is-void' : undefined}>
      <time>{time}</time>
      <p>
        <strong>{by}</strong>{' '}
        {decision?.handling === undefined ? t.kinds[kind] : t.handlings[decision.handling]}
      </p>
      {text !== undefined && <p className="history-text">{text}</p>}
      {decision !== undefined && (
        <p className="faint">
          {t.decided(decision.role, decision.epoch)}
          {decision.void && `; ${t.decidedVoid}`}
          {typeof decision.untilMs === 'number' && `; ${t.heldUntil(times.full(decision.untilMs))}`}
        </p>
      )}
    </li>
  );
}

/** The message with its history, read anew whenever the live stream says that it changed. */
function useDetail(id: string): { detail: MessageDetail | null; error: string | null } {
  const [answer, setAnswer] = useState<{ id: string; detail: MessageDetail | null; error: string | null }>({
    id,
    detail: null,
    error: null,
  });
  useEffect(() => {
    const ending = new AbortController();
    const read = async (): Promise<void> => {
      try {
        const detail = await ask(`/api/v1/messages/${id}`, messageDetailSchema, { signal: ending.signal });
        setAnswer({ id, detail, error: null });
      } catch (error) {
        if (ending.signal.aborted) return;
        const text = codeOf(error) === 'WK_NOT_FOUND' ? t.gone : t.failed(textOf(error));
        setAnswer((before) => ({ id, detail: before.id === id ? before.detail : null, error: text }));
      }
    };
    void read();
    const stop = live.listen({
      opened: () => void read(),
      event: (event) => {
        if (event.type === 'messages' && event.messages.some((message) => message.id === id)) void read();
      },
    });
    return () => {
      stop();
      ending.abort();
    };
  }, [id]);
  return answer.id === id ? answer : { detail: null, error: null };
}
