import type { JSX } from 'react';
import { definitionNameSchema, type DefinitionKind } from '../../../src/model/config.ts';
import { WatchError } from '../../../src/model/errors.ts';
import { door } from '../browser/door.ts';
import { fieldOf, FormDialog } from '../parts/form-dialog.tsx';
import { texts } from '../texts.ts';
import { beginningOf, type Content } from './content.ts';

const t = texts.configuration;
const policyKinds = [
  'command',
  'log-file',
  'flexible-management',
  'server-flexible-management',
  'outage',
] as const;

interface Props {
  readonly kind: DefinitionKind;
  readonly begin: (name: string, content: Content) => void;
  readonly onClose: () => void;
}

export function AddDialog({ kind, begin, onClose }: Props): JSX.Element {
  const run = async (given: FormData): Promise<void> => {
    const name = definitionNameSchema.safeParse(fieldOf(given, 'name'));
    if (!name.success) throw new WatchError('WK_BAD_REQUEST', name.error.issues[0]?.message ?? '');
    begin(
      name.data,
      beginningOf({ kind, name: name.data, policyKind: fieldOf(given, 'policyKind'), nowMs: door.nowMs() }),
    );
    return Promise.resolve();
  };
  return (
    <FormDialog title={t.addTitle(t.kindNames[kind])} submit={t.start} run={run} onClose={onClose}>
      <label>
        <span className="label">{t.name}</span>
        <input className="field" name="name" required autoFocus maxLength={80} autoComplete="off" />
      </label>
      {kind === 'policy' && (
        <label>
          <span className="label">{t.policyKind}</span>
          <select className="field" name="policyKind">
            {policyKinds.map((one) => (
              <option key={one} value={one}>
                {one}: {t.policyKinds[one]}
              </option>
            ))}
          </select>
        </label>
      )}
    </FormDialog>
  );
}
