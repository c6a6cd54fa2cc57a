import { textOf } from '../model/errors.ts';
import type { MessageDraft } from '../model/message.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { AgentConfig } from './config.ts';
import type { LoadedPolicies } from './load-policies.ts';
import { fitDraft } from './sources/fit-draft.ts';
import type { SourceOptions } from './sources/source.ts';

/** The agent's own messages: that it started, and which policies it could not take. */
export function startMessages(
  config: AgentConfig,
  policies: LoadedPolicies,
  version: string,
): MessageDraft[] {
  const own = { application: 'watchkeeper', group: 'agent', source: 'agent' } as const;
  const started = fitDraft({
    ...own,
    severity: 'normal',
    text: `agent ${config.name} started (version ${version}, ${policies.policies.length} policies)`,
    object: 'agent',
    key: 'watchkeeper:started',
  });
  const refused = policies.refused.map(({ path, text }) =>
    fitDraft({
      ...own,
      severity: 'major',
      text: `policy refused: ${text}`,
      object: path,
      key: `watchkeeper:policy:${path}`,
    }),
  );
  return [started, ...refused];
}

/** What a source cannot do is a message too, and so is that it can again; both have one key. */
export function problemReporter(runtime: Pick<Runtime, 'log'>, buffer: Buffer): SourceOptions['onProblem'] {
  return (policy, problem) => {
    runtime.log.warn(problem === null ? 'a source works again' : 'a source has a problem', {
      policy,
      problem,
    });
    const draft = fitDraft({
      severity: problem === null ? 'normal' : 'warning',
      text: problem === null ? `policy ${policy} works again` : `policy ${policy}: ${problem}`,
      application: 'watchkeeper',
      object: policy,
      group: 'agent',
      key: `watchkeeper:source:${policy}`,
      source: 'agent',
    });
    report(runtime, buffer, [draft]);
  };
}

/** The disk may be what is wrong; then the log is what is left, and the agent goes on. */
export function report(runtime: Pick<Runtime, 'log'>, buffer: Buffer, drafts: readonly MessageDraft[]): void {
  buffer.append({ drafts }).catch((error: unknown) =>
    runtime.log.warn('the agent could not report about itself', {
      text: drafts[0]?.text,
      why: textOf(error),
    }),
  );
}
