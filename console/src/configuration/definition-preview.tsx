import type { JSX } from 'react';
import type { ConfigPreview } from '../../../src/model/config.ts';
import { texts } from '../texts.ts';
import type { Draft } from './use-draft.ts';

const t = texts.configuration;
const nodesShownMax = 30;

/** What would come of it, before it is saved. */
export function DefinitionPreview({ draft: { preview, isChanged } }: { readonly draft: Draft }): JSX.Element {
  return (
    <section className="definition-preview" aria-live="polite">
      {preview === null ? (
        <p className="faint">{t.checking}</p>
      ) : (
        <>
          <Verdict preview={preview} />
          <h3>{t.changes}</h3>
          {preview.changes.length === 0 || !isChanged ? (
            <p className="faint">{t.noChanges}</p>
          ) : (
            <ul className="preview">
              {preview.changes.map((change) => (
                <li key={change} className="breaks">
                  <code>{change}</code>
                </li>
              ))}
            </ul>
          )}
          <h3>{t.reach}</h3>
          <Reach reach={preview.reach} />
        </>
      )}
    </section>
  );
}

function Verdict({ preview: { findings, problem } }: { readonly preview: ConfigPreview }): JSX.Element {
  const [first] = findings;
  if (first !== undefined)
    return (
      <p className="fault-text" role="alert">
        {first.line !== null && `${t.line(first.line)}: `}
        {first.text}
      </p>
    );
  if (problem !== null)
    return (
      <p className="fault-text" role="alert">
        {t.refused(problem)}
      </p>
    );
  return <p className="verdict is-well">{t.good}</p>;
}

function Reach({ reach }: Pick<ConfigPreview, 'reach'>): JSX.Element {
  if (reach.length === 0) return <p className="faint">{t.reachNone}</p>;
  return (
    <>
      <p>{t.reachCount(reach.length)}</p>
      <ul className="reach">
        {reach.slice(0, nodesShownMax).map(({ node, gains, loses, changes }) => (
          <li key={node}>
            <b>{node}</b>
            <span className="faint">
              {[
                gains.length > 0 && t.gains(gains),
                loses.length > 0 && t.loses(loses),
                changes.length > 0 && t.changed(changes),
              ]
                .filter(Boolean)
                .join('; ')}
            </span>
          </li>
        ))}
      </ul>
      {reach.length > nodesShownMax && <p className="faint">{t.moreNodes(reach.length - nodesShownMax)}</p>}
    </>
  );
}
