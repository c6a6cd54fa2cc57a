import type { JSX } from 'react';
import type { ExplainedRule, Explanation } from '../../../src/model/flexible-api.ts';
import { texts } from '../texts.ts';

const t = texts.flexible;

/** Where a message goes, and for each rule that was asked whether it decides and why. */
export function ExplanationView({
  explanation: { kind, targets, rules, service },
}: {
  readonly explanation: Explanation;
}): JSX.Element {
  const names = targets.map(({ manager, share }) => (share === 'control' ? t.withControl(manager) : manager));
  const isDecided = rules.some(({ decides }) => decides);
  return (
    <div className="explanation">
      <p className="explanation-result" role="status">
        {kind === 'agent' ? t.goes(names.join(', ')) : t.forwarded(names)}
        {kind === 'agent' && !isDecided && ` ${t.noRule}`}
        {service !== null && ` ${t.delivery(service.delivery)}`}
      </p>
      <ol>
        {[...rules, ...(service?.rules ?? [])].map((rule) => (
          <Rule key={`${rule.line} ${rule.description}`} rule={rule} />
        ))}
      </ol>
    </div>
  );
}

function Rule({ rule }: { readonly rule: ExplainedRule }): JSX.Element {
  const { description, line, decides, because, conditions } = rule;
  return (
    <li className={decides ? 'is-deciding' : undefined}>
      <b>{description}</b>{' '}
      <span className="faint">
        {texts.configuration.line(line)}, {decides ? t.decides : t.passed}: {because}
      </span>
      <ul>
        {conditions.map(({ condition, hit, missed, tooCostly }) => (
          <li key={condition} className="breaks">
            <b>{hit ? t.fits : (tooCostly ? t.tooCostly : t.missed)(missed ?? '')}</b>{' '}
            <code>{condition}</code>
          </li>
        ))}
      </ul>
    </li>
  );
}
