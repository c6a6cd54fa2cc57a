import { sessionsSchema, tokensSchema, userRolesSchema, usersSchema } from '../../../src/model/users-api.ts';
import { PolledAnswer } from '../api/polled.ts';

export const users = new PolledAnswer('/api/v1/users', usersSchema, 4_000);
export const userRoles = new PolledAnswer('/api/v1/user-roles', userRolesSchema, 6_000);
export const tokens = new PolledAnswer('/api/v1/tokens', tokensSchema, 6_000);
export const sessions = new PolledAnswer('/api/v1/sessions', sessionsSchema, 4_000);

/** After a change: whoever looks at one of them sees it at once. */
export function refreshAccess(): void {
  for (const answer of [users, userRoles, tokens, sessions]) void answer.refresh();
}
