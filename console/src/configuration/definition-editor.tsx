import { useEffect, useState, type JSX } from 'react';
import {
  configAnswerSchema,
  placeText,
  type DefinitionKind,
  type DefinitionView,
} from '../../../src/model/config.ts';
import { tell } from '../api/api.ts';
import { go } from '../browser/place.ts';
import { ActionButton } from '../parts/action-button.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { Link } from '../parts/link.tsx';
import { Segments } from '../parts/segments.tsx';
import { texts } from '../texts.ts';
import type { Content } from './content.ts';
import { DefinitionForm } from './definition-form.tsx';
import { DefinitionHistory } from './definition-history.tsx';
import { DefinitionPreview } from './definition-preview.tsx';
import { FlexibleEditor } from './flexible-editor.tsx';
import { TextEditor } from './text-editor.tsx';
import { useDraft, type Draft, type DraftActions } from './use-draft.ts';

const t = texts.configuration;
const modes = ['form', 'text', 'history'] as const;

interface Props {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly found: DefinitionView | null;
  readonly begun: Content;
  readonly refresh: () => void;
  /** Address of all names. */
  readonly back: string;
}

type Mode = (typeof modes)[number];

/** One definition: by form or as text, with what is wrong, what changes, and whom it reaches, before it is saved. */
export function DefinitionEditor(props: Props): JSX.Element {
  const { kind, name, found } = props;
  const [draft, actions] = useDraft(props);
  const [mode, setMode] = useState<Mode>('form');
  useWarning(draft.isChanged && found !== null);
  const isNewer = found !== null && found.revision > draft.revision && !draft.isSaving;
  const said = draft.said ?? (isNewer ? { kind: 'conflict' as const, text: t.newer } : null);
  return (
    <article className="definition" aria-label={placeText({ kind, name })}>
      <Head {...props} draft={draft} mode={mode} setMode={setMode} />
      {said !== null && <Notice said={said} actions={actions} />}
      <div className="definition-body">
        {mode === 'form' && <Form kind={kind} draft={draft} actions={actions} />}
        {mode === 'text' && (
          <TextEditor
            label={t.text}
            value={draft.text}
            change={actions.type}
            findings={draft.preview?.findings ?? []}
          />
        )}
        {mode === 'history' ? (
          <DefinitionHistory
            kind={kind}
            name={name}
            revision={found?.revision ?? 0}
            bringBack={(revision) => {
              setMode('text');
              void actions.bringBack(revision);
            }}
          />
        ) : (
          <DefinitionPreview draft={draft} />
        )}
      </div>
      <End {...props} draft={draft} actions={actions} />
    </article>
  );
}

interface HeadProps extends Props {
  readonly draft: Draft;
  readonly mode: Mode;
  readonly setMode: (mode: Mode) => void;
}

function Head({ name, found, back, draft, mode, setMode }: HeadProps): JSX.Element {
  return (
    <header className="definition-head">
      <Link to={back} className="definition-back">
        {t.back}
      </Link>
      <h2>
        {name}
        <span className="tag">{found === null ? t.isNew : t.revision(found.revision)}</span>
        {draft.isChanged && found !== null && <span className="tag is-risk">{t.unsaved}</span>}
      </h2>
      <Segments
        label={t.mode}
        name="mode"
        value={mode}
        options={modes.map((one) => [one, t.modes[one]])}
        choose={setMode}
      />
    </header>
  );
}

interface EndProps extends Props {
  readonly draft: Draft;
  readonly actions: DraftActions;
}

/** What can be done with it. */
function End({ kind, name, found, refresh, back, draft, actions }: EndProps): JSX.Element {
  const [isRemoving, setRemoving] = useState(false);
  const remove = async (): Promise<void> => {
    const change = { kind, name, revision: draft.revision, content: null };
    await tell('/api/v1/config', { changes: [change] }, configAnswerSchema);
    refresh();
    go(back);
  };
  return (
    <footer className="definition-end">
      <ActionButton
        label={draft.isSaving ? t.saving : t.save}
        icon="check"
        refused={whyNotSaved(draft)}
        onPress={() => void actions.save()}
      />
      {draft.isChanged && found !== null && (
        <button type="button" className="button quiet" onClick={() => void actions.discard()}>
          {t.discard}
        </button>
      )}
      {found !== null && (
        <button type="button" className="button quiet definition-remove" onClick={() => setRemoving(true)}>
          {t.remove}
        </button>
      )}
      {isRemoving && (
        <FormDialog
          title={t.removeTitle(placeText({ kind, name }))}
          submit={t.removeSubmit}
          run={remove}
          onClose={() => setRemoving(false)}
        >
          <p>{t.removeAbout}</p>
        </FormDialog>
      )}
    </footer>
  );
}

/** Null when saving would be tried. */
function whyNotSaved({ isChanged, isSaving, preview }: Draft): string | null {
  if (isSaving) return t.saving;
  if (!isChanged) return t.nothingToSave;
  if (preview === null) return t.checking;
  if (preview.content === null) return t.notGood;
  return preview.problem;
}

/** Who reads a policy of flexible management, by its kind. */
const readers: Readonly<Record<string, 'agent' | 'server'>> = {
  'flexible-management': 'agent',
  'server-flexible-management': 'server',
};

function Form({
  kind,
  draft,
  actions,
}: {
  readonly kind: DefinitionKind;
  readonly draft: Draft;
  readonly actions: DraftActions;
}): JSX.Element {
  const { content } = draft;
  const { text } = content;
  const readBy = readers[String(content['kind'])];
  if (readBy !== undefined && typeof text === 'string')
    return (
      <FlexibleEditor
        value={text}
        readBy={readBy}
        change={(next) => actions.write({ ...content, text: next })}
      />
    );
  return <DefinitionForm kind={kind} content={content} fill={actions.write} />;
}

function Notice({
  said: { kind, text },
  actions,
}: {
  readonly said: NonNullable<Draft['said']>;
  readonly actions: DraftActions;
}): JSX.Element {
  const isRisk = kind === 'fault' || kind === 'conflict';
  return (
    <div className={`notice ${isRisk ? 'is-risk' : ''}`} role={isRisk ? 'alert' : 'status'}>
      <span>{text}</span>
      {kind === 'conflict' && (
        <span className="notice-actions">
          <button type="button" className="button small" onClick={() => void actions.discard()}>
            {t.takeTheirs}
          </button>
          <button type="button" className="button small" onClick={() => void actions.keepMine()}>
            {t.keepMine}
          </button>
        </span>
      )}
    </div>
  );
}

/** The browser asks before it throws away what was written. */
function useWarning(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isOn]);
}
