import { useState, type FormEvent, type JSX } from 'react';
import { useStore } from '../browser/store.ts';
import { texts } from '../texts.ts';
import markUrl from '../mark.svg?url&no-inline';
import { signInWith } from './look-who-is-there.ts';
import { session } from './session.ts';

/** Lies over the page, which stays as it is below, so that signing in anew loses nothing. */
export function SignIn(): JSX.Element {
  const who = useStore(session);
  return (
    <div className="sign-in">
      <section className="sign-in-card" aria-labelledby="sign-in-title">
        <img src={markUrl} alt="" width="40" height="40" />
        {who.mode === 'looking' ? (
          <p role="status">{texts.signIn.looking}</p>
        ) : (
          <SignInForm because={who.mode === 'signed out' ? who.because : null} />
        )}
      </section>
    </div>
  );
}

function SignInForm({ because }: { readonly because: string | null }): JSX.Element {
  const [failure, setFailure] = useState(because);
  const [isAsking, setAsking] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    if (typeof token !== 'string' || token.trim() === '') return;
    setAsking(true);
    setFailure(await signInWith(token.trim()));
    setAsking(false);
  };
  return (
    <form className="sign-in-form" onSubmit={(event) => void submit(event)}>
      <h1 id="sign-in-title">{texts.signIn.title}</h1>
      <p>{texts.signIn.intro}</p>
      <label>
        <span className="label">{texts.signIn.token}</span>
        <input
          className="field"
          name="token"
          type="password"
          required
          autoFocus
          autoComplete="current-password"
          aria-invalid={failure !== null}
          aria-describedby={failure === null ? undefined : 'sign-in-failure'}
        />
      </label>
      {failure !== null && (
        <p className="fault-text" id="sign-in-failure" role="alert">
          {texts.signIn.failed(failure)}
        </p>
      )}
      <button className="button primary" type="submit" disabled={isAsking}>
        {texts.signIn.submit}
      </button>
      <div className="sign-in-how">
        <p>{texts.signIn.how}</p>
        <code>{texts.signIn.command}</code>
        <p>{texts.signIn.certificate}</p>
      </div>
    </form>
  );
}
