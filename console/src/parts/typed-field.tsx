import { useEffect, useState, type JSX } from 'react';
import { door } from '../browser/door.ts';
import { Icon } from './icon.tsx';

const typedAfterMs = 120;

interface TypedProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly isSearch?: boolean;
  readonly list?: string;
}

/** Takes effect shortly after the last key, or at once with Enter. */
export function TypedField({ id, label, value, change, isSearch = false, list }: TypedProps): JSX.Element {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = door.after(typedAfterMs, () => change(text));
    return () => timer.cancel();
  }, [text, value, change]);
  return (
    <span className={isSearch ? 'search' : 'typed'}>
      {isSearch && <Icon name="search" />}
      <input
        id={id}
        className="field"
        type="text"
        maxLength={256}
        autoComplete="off"
        spellCheck={false}
        placeholder={label}
        aria-label={label}
        {...(isSearch && { 'aria-keyshortcuts': '/' })}
        {...(list !== undefined && { list })}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') change(text);
          if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      {isSearch && <kbd aria-hidden="true">/</kbd>}
    </span>
  );
}
