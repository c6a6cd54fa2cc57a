import { useEffect, useState, type JSX } from 'react';
import { textOf } from '../../../src/model/errors.ts';
import {
  explainAnswerSchema,
  type ExplainAnswer,
  type ExplainRequest,
} from '../../../src/model/flexible-api.ts';
import { severities } from '../../../src/model/severity.ts';
import { tell } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { Segments } from '../parts/segments.tsx';
import { browserZone } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { ExplanationView } from './explanation-view.tsx';
import { TextEditor } from './text-editor.tsx';

const t = texts.flexible;
const typedAfterMs = 200;

interface Sample {
  readonly kind: ExplainRequest['kind'];
  readonly severity: (typeof severities)[number];
  readonly node: string;
  readonly text: string;
  readonly application: string;
  readonly group: string;
  readonly object: string;
  /** As a field for times gives it, in the browser's zone; empty for now. */
  readonly at: string;
}

const firstSample: Sample = {
  kind: 'agent',
  severity: 'critical',
  node: 'db7',
  text: 'Tablespace USERS is full',
  application: 'oracle',
  group: 'Database',
  object: 'USERS',
  at: '',
};

interface Props {
  readonly value: string;
  /** Whose policy it is: what is asked first; agents' where it is nobody's yet. */
  readonly readBy?: Sample['kind'];
  readonly change: (value: string) => void;
}

/** A text of flexible management, checked as one types, and what it makes of a sample message at a chosen time. */
export function FlexibleEditor({ value, readBy = 'agent', change }: Props): JSX.Element {
  const [sample, setSample] = useState({ ...firstSample, kind: readBy });
  const { answer, error } = useExplained(value, sample);
  return (
    <div className="flexible">
      <TextEditor
        label={t.text}
        hint={t.empty}
        value={value}
        change={change}
        findings={answer?.findings ?? []}
      />
      <div className="flexible-side">
        <SampleForm sample={sample} change={(part) => setSample((before) => ({ ...before, ...part }))} />
        <section aria-live="polite" aria-label={t.result}>
          <h3>{t.result}</h3>
          {error !== null && <p className="fault-text">{t.failed(error)}</p>}
          {answer?.explanation && <ExplanationView explanation={answer.explanation} />}
        </section>
      </div>
    </div>
  );
}

function useExplained(
  text: string,
  sample: Sample,
): { readonly answer: ExplainAnswer | null; readonly error: string | null } {
  const [state, setState] = useState<{ answer: ExplainAnswer | null; error: string | null }>({
    answer: null,
    error: null,
  });
  useEffect(() => {
    if (text.trim() === '') return setState({ answer: null, error: null });
    const ending = new AbortController();
    const timer = door.after(typedAfterMs, () => {
      tell('/api/v1/flexible-management/explain', requestOf(text, sample), explainAnswerSchema, {
        signal: ending.signal,
      }).then(
        (answer) => setState({ answer, error: null }),
        (error: unknown) => {
          if (!ending.signal.aborted) setState((before) => ({ ...before, error: textOf(error) }));
        },
      );
    });
    return () => {
      timer.cancel();
      ending.abort();
    };
  }, [text, sample]);
  return state;
}

function requestOf(text: string, { kind, severity, node, at, ...sample }: Sample): ExplainRequest {
  const atMs = at === '' ? door.nowMs() : new Date(at).getTime();
  const { text: said, ...optional } = sample;
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== ''));
  return {
    text,
    kind,
    message: { severity, text: said, node: { name: node }, ...given },
    atMs: Number.isNaN(atMs) ? door.nowMs() : atMs,
    nodeZone: browserZone(),
    serverZone: browserZone(),
  };
}

function SampleForm({
  sample,
  change,
}: {
  readonly sample: Sample;
  readonly change: (part: Partial<Sample>) => void;
}): JSX.Element {
  return (
    <fieldset className="sample">
      <legend className="label">{t.sample}</legend>
      <Segments
        label={t.kind}
        name="reader"
        value={sample.kind}
        options={[
          ['agent', t.kinds.agent],
          ['server', t.kinds.server],
        ]}
        choose={(kind) => change({ kind })}
      />
      <label>
        <span className="label">{t.at(browserZone())}</span>
        <input
          className="field"
          type="datetime-local"
          value={sample.at}
          onChange={({ target }) => change({ at: target.value })}
        />
      </label>
      <label>
        <span className="label">{t.severity}</span>
        <select
          className="field"
          value={sample.severity}
          onChange={({ target }) =>
            change({ severity: severities.find((one) => one === target.value) ?? 'normal' })
          }
        >
          {severities.map((one) => (
            <option key={one} value={one}>
              {texts.severities[one]}
            </option>
          ))}
        </select>
      </label>
      {(
        [
          ['node', t.node],
          ['group', t.group],
          ['application', t.application],
          ['object', t.object],
          ['text', t.messageText],
        ] as const
      ).map(([name, label]) => (
        <label key={name} className={name === 'text' ? 'is-wide' : undefined}>
          <span className="label">{label}</span>
          <input
            className="field"
            value={sample[name]}
            autoComplete="off"
            spellCheck={false}
            onChange={({ target }) => change({ [name]: target.value })}
          />
        </label>
      ))}
    </fieldset>
  );
}
