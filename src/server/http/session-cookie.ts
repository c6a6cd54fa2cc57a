/** The prefix makes browsers refuse it without Secure, for another path, or for other hosts. */
const name = '__Host-watchkeeper';
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict';

/** The session in a Cookie header; null where there is none. */
export function sessionCookie(header: string | undefined): string | null {
  for (const pair of header?.split(';') ?? []) {
    const [key = '', value = ''] = pair.trim().split('=', 2);
    if (key === name && value !== '') return value;
  }
  return null;
}

/** For Set-Cookie. It ends with the browser, or with the session. */
export function setSessionCookie(text: string): string {
  return `${name}=${text}; ${attributes}`;
}

export const clearSessionCookie = `${name}=; ${attributes}; Max-Age=0`;
