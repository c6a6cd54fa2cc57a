import { useId, useRef, type JSX } from 'react';
import type { TextFinding } from '../../../src/model/flexible-api.ts';
import { texts } from '../texts.ts';

const t = texts.configuration;

interface Props {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly findings: readonly TextFinding[];
  readonly hint?: string;
}

/** A text with line numbers; lines with findings are marked, and a finding leads to its line. */
export function TextEditor({ label, value, change, findings, hint }: Props): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const findingsId = useId();
  const lines = value.split('\n').length;
  const levels = new Map(findings.map(({ line, level }) => [line, level]));
  return (
    <div className="text-editor">
      <label>
        <span className="label">{label}</span>
        <span className="code-frame">
          <span className="gutter" ref={gutter} aria-hidden="true">
            {Array.from({ length: lines }, (_, at) => (
              <span key={at} className={levels.has(at + 1) ? `is-${levels.get(at + 1)}` : undefined}>
                {at + 1}
              </span>
            ))}
          </span>
          <textarea
            ref={area}
            className="code"
            value={value}
            wrap="off"
            spellCheck={false}
            autoComplete="off"
            aria-describedby={findingsId}
            aria-invalid={findings.some(({ level }) => level === 'error')}
            placeholder={hint}
            onChange={({ target }) => change(target.value)}
            onScroll={({ currentTarget }) => {
              if (gutter.current !== null) gutter.current.scrollTop = currentTarget.scrollTop;
            }}
          />
        </span>
      </label>
      <div id={findingsId} role="status">
        <ul className="findings">
          {findings.map(({ level, line, column, text }) => (
            <li key={`${line}:${column}:${text}`} className={`is-${level}`}>
              {line !== null && (
                <button type="button" className="button small" onClick={() => goToLine(area.current, line)}>
                  {t.line(line)}
                </button>
              )}
              <span>
                <b>{texts.flexible.levels[level]}</b> {text}
              </span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function goToLine(area: HTMLTextAreaElement | null, line: number): void {
  if (area === null) return;
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
}
