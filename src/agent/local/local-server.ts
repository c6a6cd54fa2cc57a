import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { MessageDraft } from '../../model/message.ts';
import type { LocalConnection, Network } from '../../runtime/network.ts';
import type { AgentStatus } from '../agent-status.ts';
import {
  localLineBytesMax,
  localRequestSchema,
  localUnansweredMax,
  type LocalAnswer,
} from './local-protocol.ts';

export interface LocalHandlers {
  /** Resolves with the message's ID when it is on disk. */
  send(draft: MessageDraft): Promise<string>;
  status(): Promise<AgentStatus>;
}

/** The socket by which programs of this machine report through the agent; only its user and root can open it. */
export async function openLocalServer(
  network: Pick<Network, 'listenLocal'>,
  path: string,
  handlers: LocalHandlers,
): Promise<AsyncDisposable> {
  const server = await network.listenLocal(path, localLineBytesMax, (connection) =>
    serve(connection, handlers),
  );
  return { [Symbol.asyncDispose]: () => server.close() };
}

function serve(connection: LocalConnection, handlers: LocalHandlers): void {
  let unanswered = 0;
  let before = Promise.resolve();
  // Answers leave in the order of asking, whichever is ready first.
  const reply = async (earlier: Promise<void>, answer: Promise<LocalAnswer>): Promise<void> => {
    await earlier;
    connection.sendLine(JSON.stringify(await answer));
    unanswered -= 1;
  };
  connection.onLine((line) => {
    unanswered += 1;
    before = reply(before, unanswered > localUnansweredMax ? overloaded() : answerTo(line, handlers));
  });
}

function overloaded(): Promise<LocalAnswer> {
  const text = `more than ${localUnansweredMax} requests are unanswered; wait for answers before sending on`;
  return Promise.resolve({ error: { code: 'WK_OVERLOADED', text } });
}

async function answerTo(line: string, handlers: LocalHandlers): Promise<LocalAnswer> {
  try {
    const request = parse(line);
    return 'send' in request
      ? { accepted: await handlers.send(request.send) }
      : { status: await handlers.status() };
  } catch (error) {
    return { error: { code: codeOf(error), text: textOf(error) } };
  }
}

function parse(line: string): ReturnType<typeof localRequestSchema.parse> {
  const result = localRequestSchema.safeParse(parseJson(line));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  // Both forms of a request failed; what is wrong with the one that was meant helps, "invalid input" does not.
  const [meant] = issue?.code === 'invalid_union' ? issue.errors.flat() : [issue];
  throw new WatchError(
    'WK_BAD_REQUEST',
    `${meant?.path.join('.') ?? ''}: ${meant?.message ?? 'is not valid'}`,
  );
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new WatchError('WK_BAD_REQUEST', `the line is not JSON: ${textOf(error)}`, { cause: error });
  }
}
