import type { JSX } from 'react';
import { Dialog } from '../parts/dialog.tsx';
import { texts } from '../texts.ts';

export function HelpDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog title={texts.help.title} onClose={onClose}>
      <div className="help">
        {texts.help.groups.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, meaning]) => (
                <div key={key}>
                  <dt>
                    {key.split(/ {1,2}/).map((one) => (
                      <kbd key={one}>{one}</kbd>
                    ))}
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <p className="faint">{texts.help.note}</p>
      </div>
    </Dialog>
  );
}
