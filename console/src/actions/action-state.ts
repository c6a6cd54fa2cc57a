import type { ActionView, OutputPiece } from '../../../src/model/action-api.ts';
import { actionStates, type ActionState } from '../../../src/model/action.ts';

/** What is known later takes the place of what was known; each action once, by the name of its node. */
export function withActions(
  known: readonly ActionView[],
  news: readonly ActionView[],
): readonly ActionView[] {
  if (news.length === 0) return known;
  const byId = new Map([...known, ...news].map((action) => [action.id, action]));
  return [...byId.values()].sort((a, b) => (a.nodeName < b.nodeName ? -1 : 1));
}

/** Pieces of one action are a set by their number: what comes twice, live and read, is there once. */
export function withPieces(
  known: readonly OutputPiece[],
  news: readonly OutputPiece[],
): readonly OutputPiece[] {
  if (news.length === 0) return known;
  const byNumber = new Map([...known, ...news].map((piece) => [piece.number, piece]));
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

/** How many are in each state, in the order in which they come. */
export function countStates(
  actions: readonly ActionView[],
): readonly { readonly state: ActionState; readonly number: number }[] {
  return actionStates
    .map((state) => ({ state, number: actions.filter((action) => action.state === state).length }))
    .filter(({ number }) => number > 0);
}

/** Of all that was asked at once, the newest request first. */
export function requestsOf(
  actions: readonly ActionView[],
): readonly { readonly request: string; readonly actions: readonly ActionView[] }[] {
  const byRequest = Map.groupBy(actions, ({ request }) => request);
  return [...byRequest]
    .map(([request, all]) => ({ request, actions: all }))
    .sort((a, b) => (a.request < b.request ? 1 : -1));
}
