import { useState, type JSX } from 'react';
import type { DefinitionKind } from '../../../src/model/config.ts';
import { texts } from '../texts.ts';
import { fieldsOf, fieldText, keysBeyond, withField, type Content, type Field } from './content.ts';

const t = texts.configuration;

interface Props {
  readonly kind: DefinitionKind;
  readonly content: Content;
  readonly fill: (content: Content) => void;
}

export function DefinitionForm({ kind, content, fill }: Props): JSX.Element {
  const fields = fieldsOf(kind, content);
  const beyond = keysBeyond(fields, content);
  return (
    <div className="definition-form">
      {fields.map((field) => (
        <FieldRow key={field.name} field={field} content={content} fill={fill} />
      ))}
      {beyond.length > 0 && <p className="faint">{t.inText(beyond)}</p>}
    </div>
  );
}

function FieldRow({ field, content, fill }: Omit<Props, 'kind'> & { readonly field: Field }): JSX.Element {
  const { name, as, label: said = name } = field;
  const label = t.fields[said];
  if (as === 'flag')
    return (
      <label className="ticked">
        <input
          type="checkbox"
          className="tick"
          checked={content[name] === true}
          onChange={({ target }) => fill({ ...content, [name]: target.checked })}
        />
        <span>{label}</span>
      </label>
    );
  const value = fieldText(content, field);
  const change = (text: string): void => fill(withField(content, field, text));
  return (
    <label>
      <span className="label">
        {label}
        {as === 'list' && ` (${t.listHint})`}
      </span>
      {as === 'list' ? (
        <ListField value={value} change={change} />
      ) : typeof as === 'string' ? (
        <input
          className="field"
          value={value}
          autoComplete="off"
          spellCheck={false}
          inputMode={as === 'number' ? 'numeric' : 'text'}
          onChange={({ target }) => change(target.value)}
        />
      ) : (
        <select className="field" value={value} onChange={({ target }) => change(target.value)}>
          {value === '' && <option value="">{texts.none}</option>}
          {as.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
    </label>
  );
}

/** Empty lines are what is about to be written, so the field keeps a text of its own as long as it says the same. */
function ListField({
  value,
  change,
}: {
  readonly value: string;
  readonly change: (text: string) => void;
}): JSX.Element {
  const [text, setText] = useState(value);
  const own = text.split('\n').filter((line) => line.trim() !== '');
  const shown = own.join('\n') === value ? text : value;
  return (
    <textarea
      className="field code"
      rows={Math.min(12, Math.max(2, shown.split('\n').length + 1))}
      value={shown}
      spellCheck={false}
      onChange={({ target }) => {
        setText(target.value);
        change(target.value);
      }}
    />
  );
}
