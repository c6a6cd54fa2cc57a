import { useState, type JSX } from 'react';
import { copyText } from '../browser/copy-text.ts';
import { texts } from '../texts.ts';
import { Dialog } from './dialog.tsx';

interface Props {
  readonly title: string;
  readonly about: string;
  readonly secret: string;
  readonly onClose: () => void;
}

/** Something that is told once: it can be copied, and is forgotten when this closes. */
export function SecretDialog({ title, about, secret, onClose }: Props): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="dialog-body">
        <p>{about}</p>
        <code className="secret">{secret}</code>
        <div className="dialog-actions">
          <button
            type="button"
            className="button primary"
            onClick={() => void copyText(secret).then(() => setCopied(true))}
          >
            {isCopied ? texts.access.copied : texts.access.copy}
          </button>
          <button type="button" className="button" onClick={onClose}>
            {texts.close}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
