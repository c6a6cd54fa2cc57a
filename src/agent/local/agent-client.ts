import { isErrorCode, textOf, WatchError } from '../../model/errors.ts';
import type { MessageDraft } from '../../model/message.ts';
import type { LocalConnection, Network } from '../../runtime/network.ts';
import type { AgentStatus } from '../agent-status.ts';
import {
  agentSocketPath,
  localAnswerSchema,
  localUnansweredMax,
  type LocalAnswer,
} from './local-protocol.ts';

interface Waiting {
  resolve(answer: LocalAnswer): void;
  reject(error: WatchError): void;
}

/**
 * Talks to the agent of this node. Many sends may be under way at once: they share the agent's commits. A send that is
 * rejected with WK_UNREACHABLE may or may not have been written; every other rejection means that it was not.
 */
export class AgentClient {
  readonly #connection: LocalConnection;
  #waiting: Waiting[] = [];
  #next = 0;
  #closed = false;

  private constructor(connection: LocalConnection) {
    this.#connection = connection;
    connection.onLine((line) => this.#answered(line));
    connection.onClose(() => this.#lost());
  }

  /** WK_UNREACHABLE when no agent answers there, WK_DENIED when this user may not talk to it. */
  static async connect(network: Pick<Network, 'connectLocal'>, data: string): Promise<AgentClient> {
    return new AgentClient(await network.connectLocal(agentSocketPath(data)));
  }

  /** Resolves with the message's ID when the agent has it on disk. */
  async send(draft: MessageDraft): Promise<string> {
    const answer = await this.#ask({ send: draft });
    if ('accepted' in answer) return answer.accepted;
    throw unexpected();
  }

  async status(): Promise<AgentStatus> {
    const answer = await this.#ask({ status: true });
    if ('status' in answer) return answer.status;
    throw unexpected();
  }

  /** Requests without an answer; below `localUnansweredMax` one more is welcome. */
  get unanswered(): number {
    return this.#waiting.length - this.#next;
  }

  close(): void {
    this.#closed = true;
    this.#connection.close();
  }

  async #ask(request: unknown): Promise<Exclude<LocalAnswer, { error: unknown }>> {
    if (this.#closed) throw new WatchError('WK_UNREACHABLE', 'the connection to the agent is closed');
    if (this.unanswered >= localUnansweredMax)
      throw new WatchError('WK_OVERLOADED', `${localUnansweredMax} requests are unanswered`);
    const answer = await new Promise<LocalAnswer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#connection.sendLine(JSON.stringify(request));
    });
    if (!('error' in answer)) return answer;
    const { code, text } = answer.error;
    throw new WatchError(isErrorCode(code) ? code : 'WK_INTERNAL', text);
  }

  #answered(line: string): void {
    const waiting = this.#waiting[this.#next];
    if (!waiting) return this.close();
    this.#next += 1;
    // Answers are taken from the front; the front is cut off now and then, not each time.
    if (this.#next > 1_024) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    try {
      waiting.resolve(localAnswerSchema.parse(JSON.parse(line)));
    } catch (error) {
      waiting.reject(new WatchError('WK_INTERNAL', `the agent's answer is not valid: ${textOf(error)}`));
    }
  }

  #lost(): void {
    this.#closed = true;
    const lost = new WatchError('WK_UNREACHABLE', 'the agent closed the connection');
    for (const waiting of this.#waiting.slice(this.#next)) waiting.reject(lost);
    this.#waiting = [];
    this.#next = 0;
  }
}

function unexpected(): WatchError {
  return new WatchError('WK_INTERNAL', 'the agent answered something else than it was asked');
}
