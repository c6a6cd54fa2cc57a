import { useState, type FormEvent, type JSX } from 'react';
import { useStore } from '../browser/store.ts';
import { texts } from '../texts.ts';
import markUrl from '../mark.svg?url&no-inline';
import { signInWithPassword, signInWithToken } from './look-who-is-there.ts';
import { session } from './session.ts';

const t = texts.signIn;

/** Lies over the page, which stays as it is below, so that signing in anew loses nothing. */
export function SignIn(): JSX.Element {
  const who = useStore(session);
  return (
    <main className="sign-in">
      <section className="sign-in-card" aria-labelledby="sign-in-title">
        <img src={markUrl} alt="" width="40" height="40" />
        <h1 id="sign-in-title">{t.title}</h1>
        {who.mode === 'looking' ? (
          <p role="status">{t.looking}</p>
        ) : (
          <Forms because={who.mode === 'signed out' ? who.because : null} />
        )}
      </section>
    </main>
  );
}

function Forms({ because }: { readonly because: string | null }): JSX.Element {
  const [failure, setFailure] = useState(because);
  const [isAsking, setAsking] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string): string => {
      const value = given.get(name);
      return typeof value === 'string' ? value : '';
    };
    setAsking(true);
    setFailure(
      given.has('token')
        ? await signInWithToken(text('token').trim())
        : await signInWithPassword(text('name').trim(), text('password')),
    );
    setAsking(false);
  };
  return (
    <>
      {failure !== null && (
        <p className="fault-text" role="alert">
          {t.failed(failure)}
        </p>
      )}
      <form className="sign-in-form" onSubmit={(event) => void submit(event)}>
        <label>
          <span className="label">{t.name}</span>
          <input className="field" name="name" required autoFocus autoComplete="username" />
        </label>
        <label>
          <span className="label">{t.password}</span>
          <input className="field" name="password" type="password" required autoComplete="current-password" />
        </label>
        <button className="button primary" type="submit" disabled={isAsking}>
          {t.submit}
        </button>
      </form>
      <details className="sign-in-how">
        <summary>{t.withToken}</summary>
        <form className="sign-in-form" onSubmit={(event) => void submit(event)}>
          <p>{t.tokenAbout}</p>
          <code>{t.command}</code>
          <label>
            <span className="label">{t.token}</span>
            <input className="field" name="token" type="password" required autoComplete="off" />
          </label>
          <button className="button" type="submit" disabled={isAsking}>
            {t.submitToken}
          </button>
          <p>{t.certificate}</p>
        </form>
      </details>
    </>
  );
}
