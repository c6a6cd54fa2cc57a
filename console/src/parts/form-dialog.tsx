import { useState, type FormEvent, type JSX, type ReactNode } from 'react';
import { textOf } from '../../../src/model/errors.ts';
import { texts } from '../texts.ts';
import { Dialog } from './dialog.tsx';

interface Props {
  readonly title: string;
  readonly submit: string;
  readonly children?: ReactNode;
  /** What it does; what it throws is said in the form, which stays. */
  readonly run: (given: FormData) => Promise<void>;
  readonly onClose: () => void;
}

/** Asks for something, does it, and closes; where it was refused, nothing of what was written is lost. */
export function FormDialog({ title, submit, children, run, onClose }: Props): JSX.Element {
  const [failure, setFailure] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const send = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setAsking(true);
    setFailure(null);
    try {
      await run(given);
      onClose();
    } catch (error) {
      setFailure(texts.access.notDone(textOf(error)));
      setAsking(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="dialog-body" onSubmit={(event) => void send(event)}>
        {children}
        {failure !== null && (
          <p className="fault-text" role="alert">
            {failure}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {texts.cancel}
          </button>
          <button type="submit" className="button primary" disabled={isAsking}>
            {submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function fieldOf(given: FormData, name: string): string {
  const value = given.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
