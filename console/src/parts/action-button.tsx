import type { JSX } from 'react';
import { Icon, type IconName } from './icon.tsx';

interface Props {
  readonly label: string;
  readonly icon: IconName;
  readonly shortcut?: string;
  /** Null: it may be pressed; else why not, which is shown and read out. */
  readonly refused: string | null;
  readonly onPress: () => void;
}

/** A button that, where it does nothing, can still be reached and says why. */
export function ActionButton({ label, icon, shortcut, refused, onPress }: Props): JSX.Element {
  return (
    <button
      type="button"
      className="button action"
      aria-disabled={refused !== null}
      aria-keyshortcuts={shortcut}
      title={refused ?? label}
      onClick={() => {
        if (refused === null) onPress();
      }}
    >
      <Icon name={icon} />
      <span>{label}</span>
      {shortcut !== undefined && <kbd>{shortcut}</kbd>}
      {refused !== null && <span className="unseen">: {refused}</span>}
    </button>
  );
}
