import { codeOf, errorTable, textOf } from '../../../src/model/errors.ts';
import {
  doneSchema,
  signedInSchema,
  whoAmISchema,
  type SetupRequest,
  type SignInRequest,
  type WhoAmI,
} from '../../../src/model/users-api.ts';
import { ask, tell, withdraw } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { currentToken, forgetToken, keepToken, session, signedOut } from './session.ts';

const sessionPath = '/api/v1/session';

/** Finds out by a first question whether the browser has something that the pool knows: a session, a token, a certificate. */
export async function lookWhoIsThere(): Promise<void> {
  for (;;) {
    try {
      signedIn(await ask(sessionPath, whoAmISchema, { timeoutMs: 5_000 }));
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
export async function signInWithToken(token: string): Promise<string | null> {
  keepToken(token);
  try {
    signedIn(await ask(sessionPath, whoAmISchema, { timeoutMs: 5_000 }));
    return null;
  } catch (error) {
    forgetToken();
    return textOf(error);
  }
}

/** Null when it worked, else why not. The session is a cookie that no script can read. */
export async function signInWithPassword(name: string, password: string): Promise<string | null> {
  return handedOver('/api/v1/session', { name, password, as: 'cookie' } satisfies SignInRequest);
}

/** Uses a setup link up. Null when it worked, else why not. */
export async function setUp(token: string, password: string): Promise<string | null> {
  return handedOver('/api/v1/setup', { token, password } satisfies SetupRequest);
}

async function handedOver(path: string, body: SignInRequest | SetupRequest): Promise<string | null> {
  forgetToken();
  try {
    const { who } = await tell(path, body, signedInSchema, { timeoutMs: 15_000 });
    signedIn(who);
    return null;
  } catch (error) {
    return textOf(error);
  }
}

export async function signOut(): Promise<void> {
  const now = session.get();
  if (now.mode === 'signed in' && now.by === 'password') await withdraw(sessionPath, doneSchema);
  signedOut(null);
}

function signedIn(who: WhoAmI): void {
  const by = currentToken() !== null ? 'token' : who.session === null ? 'certificate' : 'password';
  session.set({ mode: 'signed in', by, who });
}
