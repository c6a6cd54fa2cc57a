import type { JSX } from 'react';
import { usePolled } from '../api/polled.ts';
import { texts } from '../texts.ts';
import { userRoles } from './access-answers.ts';

const field = 'role';

/** User roles to tick, in a form. */
export function RolePicker({ chosen }: { readonly chosen: readonly string[] }): JSX.Element {
  const { value } = usePolled(userRoles);
  return (
    <fieldset className="ticks">
      <legend className="label">{texts.access.roles}</legend>
      {value === null && <p className="faint">{texts.loading}</p>}
      {(value?.userRoles ?? []).map(({ name, description = '' }) => (
        <label key={name}>
          <input
            type="checkbox"
            className="tick"
            name={field}
            value={name}
            defaultChecked={chosen.includes(name)}
          />
          <span>
            {name}
            <small>{description}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function rolesOf(given: FormData): string[] {
  return given.getAll(field).filter((role) => typeof role === 'string');
}
