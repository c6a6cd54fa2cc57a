import type { CoordinatorState } from './keeper-link.ts';
import type { OwnMessages } from '../health/own-messages.ts';

interface Ports {
  readonly ownMessages: OwnMessages;
  readonly ownName: string;
}

/** How the keeper finds the coordinator: for the status, and as a message where a person has to do something. */
export class CoordinatorWatch {
  readonly #ports: Ports;
  #state: CoordinatorState | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Null before the keeper said anything. */
  get state(): CoordinatorState | null {
    return this.#state;
  }

  take(state: CoordinatorState): void {
    this.#state = state;
    if (state.doubt === null) return;
    this.#ports.ownMessages.report({
      severity: 'critical',
      key: 'coordinator-doubt',
      text: `Server ${this.#ports.ownName}: ${state.doubt}; no role is taken until an operator confirms with watchkeeper pool confirm`,
    });
  }
}
