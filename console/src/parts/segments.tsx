import type { JSX } from 'react';

interface Props<Value extends string> {
  readonly label: string;
  /** Of the group of fields; one in a page. */
  readonly name: string;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly choose: (value: Value) => void;
}

/** One of a few, all in sight; arrow keys go from one to the next. */
export function Segments<Value extends string>(props: Props<Value>): JSX.Element {
  const { label, name, value, options, choose } = props;
  return (
    <fieldset className="segments">
      <legend className="unseen">{label}</legend>
      {options.map(([one, text]) => (
        <label key={one}>
          <input type="radio" name={name} checked={value === one} onChange={() => choose(one)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
