import { useState, type FormEvent, type JSX } from 'react';
import { consolePages } from '../../../src/model/console-pages.ts';
import { go } from '../browser/place.ts';
import markUrl from '../mark.svg?url&no-inline';
import { texts } from '../texts.ts';
import { setUp } from './look-who-is-there.ts';

const t = texts.setup;

/** Where a setup link leads: its secret stands behind `#`, which no server sees before this form is sent. */
export function SetupPage({ secret }: { readonly secret: string }): JSX.Element {
  const [failure, setFailure] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const password = given.get('password');
    if (typeof password !== 'string' || password !== given.get('again')) return setFailure(t.differ);
    setAsking(true);
    const because = await setUp(secret, password);
    setAsking(false);
    if (because === null) go(consolePages.overview, { replace: true });
    else setFailure(t.failed(because));
  };
  return (
    <main className="sign-in">
      <section className="sign-in-card" aria-labelledby="setup-title">
        <img src={markUrl} alt="" width="40" height="40" />
        <h1 id="setup-title">{t.title}</h1>
        <p>{t.about}</p>
        {failure !== null && (
          <p className="fault-text" role="alert">
            {failure}
          </p>
        )}
        <form className="sign-in-form" onSubmit={(event) => void submit(event)}>
          {/* For whoever keeps passwords; a person has seen the name in the link. */}
          <input
            className="unseen"
            name="username"
            autoComplete="username"
            value={new URLSearchParams(window.location.search).get('name') ?? ''}
            readOnly
            tabIndex={-1}
            aria-hidden="true"
          />
          {(['password', 'again'] as const).map((name) => (
            <label key={name}>
              <span className="label">{t[name]}</span>
              <input className="field" name={name} type="password" required autoComplete="new-password" />
            </label>
          ))}
          <button className="button primary" type="submit" disabled={isAsking}>
            {t.submit}
          </button>
        </form>
      </section>
    </main>
  );
}
