import type { JSX } from 'react';
import type { ToolView } from '../../../src/model/action-api.ts';
import { unreachable } from '../../../src/model/invariant.ts';
import type { ToolParameter } from '../../../src/model/tool.ts';

const fieldName = (name: string): string => `parameter.${name}`;

/** A field for each parameter, of its kind; the server has the last word on what is given. */
export function ParameterFields({ tool }: { readonly tool: ToolView }): JSX.Element {
  return (
    <>
      {Object.entries(tool.parameters).map(([name, parameter]) => (
        <label key={name} className="labelled">
          {parameter.description ?? name}
          <ParameterField name={name} parameter={parameter} />
        </label>
      ))}
    </>
  );
}

function ParameterField({
  name,
  parameter,
}: {
  readonly name: string;
  readonly parameter: ToolParameter;
}): JSX.Element {
  const isRequired = parameter.default === undefined;
  const common = { className: 'field', name: fieldName(name), required: isRequired };
  switch (parameter.type) {
    case 'choice':
      return (
        <select {...common} defaultValue={parameter.default}>
          {parameter.values.map((value) => (
            <option key={value}>{value}</option>
          ))}
        </select>
      );
    case 'integer':
      return (
        <input
          {...common}
          type="number"
          step={1}
          min={parameter.min}
          max={parameter.max}
          defaultValue={parameter.default}
        />
      );
    case 'text':
      return (
        <input
          {...common}
          type="text"
          autoComplete="off"
          spellCheck={false}
          maxLength={parameter.charsMax}
          defaultValue={parameter.default}
        />
      );
    default:
      return unreachable(parameter);
  }
}

/** What was given, as text; an empty field that has a default counts as left out. */
export function givenOf({ parameters }: ToolView, form: FormData): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, parameter]) => {
      const value = form.get(fieldName(name));
      if (typeof value !== 'string' || (value === '' && parameter.default !== undefined)) return [];
      return [[name, value]];
    }),
  );
}
