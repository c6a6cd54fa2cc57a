import { messageCountsSchema } from '../../../src/model/api.ts';
import { codeOf, errorTable, textOf } from '../../../src/model/errors.ts';
import { ask } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { currentToken, forgetToken, session, keepToken } from './session.ts';

/** Finds out by a first question whether the browser has something that the pool knows: a token or a certificate. */
export async function lookWhoIsThere(): Promise<void> {
  for (;;) {
    try {
      await ask('/api/v1/counts', messageCountsSchema, { timeoutMs: 5_000 });
      session.set({ mode: 'signed in', by: currentToken() === null ? 'certificate' : 'token' });
      return;
    } catch (error) {
      const code = codeOf(error);
      if (!errorTable[code].retry) {
        const hadToken = currentToken() !== null;
        forgetToken();
        session.set({ mode: 'signed out', because: hadToken || code === 'WK_DENIED' ? textOf(error) : null });
        return;
      }
      await door.sleep(1_000);
    }
  }
}

/** Null when it worked, else why not. */
export async function signInWith(token: string): Promise<string | null> {
  keepToken(token);
  try {
    await ask('/api/v1/counts', messageCountsSchema, { timeoutMs: 5_000 });
    session.set({ mode: 'signed in', by: 'token' });
    return null;
  } catch (error) {
    forgetToken();
    return textOf(error);
  }
}
