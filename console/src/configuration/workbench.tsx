import { useState, type JSX } from 'react';
import { readSaved, save } from '../browser/saved.ts';
import { texts } from '../texts.ts';
import { FlexibleEditor } from './flexible-editor.tsx';

const t = texts.configuration;
const savedAs = 'flexible-text';

/** A text of flexible management to try, which belongs to no policy; the tab keeps it. */
export function Workbench(): JSX.Element {
  const [text, setText] = useState(() => readSaved('session', savedAs) ?? '');
  const change = (next: string): void => {
    setText(next);
    save('session', savedAs, next);
  };
  return (
    <section className="workbench" aria-label={t.workbench}>
      <h2>{t.workbench}</h2>
      <p className="faint">{t.workbenchAbout}</p>
      <FlexibleEditor value={text} change={change} />
    </section>
  );
}
