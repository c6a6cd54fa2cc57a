import { useState, type FormEvent, type JSX } from 'react';
import { messageLimits } from '../../../src/model/message.ts';
import { readSaved, save } from '../browser/saved.ts';
import { undertake } from '../operations/operations.ts';
import { Dialog } from '../parts/dialog.tsx';
import { texts } from '../texts.ts';

const draftKey = 'draft-annotation';

interface Props {
  readonly messages: readonly string[];
  readonly onClose: () => void;
}

/** What is being written is kept while the tab lives: across a failover, signing in anew, and loading the page anew. */
export function AnnotateDialog({ messages, onClose }: Props): JSX.Element {
  const [text, setText] = useState(() => readSaved('session', draftKey) ?? '');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === '') return;
    void undertake('annotate', messages, text.trim());
    save('session', draftKey, null);
    onClose();
  };
  return (
    <Dialog title={texts.annotate.title(messages.length)} onClose={onClose}>
      <form className="dialog-body" onSubmit={submit}>
        <label>
          <span className="label">{texts.annotate.text}</span>
          <textarea
            className="field"
            rows={5}
            required
            autoFocus
            maxLength={messageLimits.textCharsMax}
            value={text}
            onChange={({ target }) => {
              setText(target.value);
              save('session', draftKey, target.value);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
            }}
          />
        </label>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {texts.cancel}
          </button>
          <button type="submit" className="button primary">
            {texts.annotate.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
