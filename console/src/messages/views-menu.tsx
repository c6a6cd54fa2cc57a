import { useState, type JSX } from 'react';
import { useStore } from '../browser/store.ts';
import { fieldOf, FormDialog } from '../parts/form-dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Menu } from '../parts/menu.tsx';
import { texts } from '../texts.ts';
import { removeView, savedViews, saveView } from './saved-views.ts';
import { filterOfSearch, searchOfFilter, type ViewFilter } from './view-filter.ts';

const t = texts.views;

interface Props {
  readonly filter: ViewFilter;
  readonly show: (filter: ViewFilter) => void;
}

/** Filters that were given a name in this browser. */
export function ViewsMenu({ filter, show }: Props): JSX.Element {
  const views = useStore(savedViews);
  const [isNaming, setNaming] = useState(false);
  const search = searchOfFilter(filter);
  const current = views.find((view) => view.search === search) ?? null;
  return (
    <>
      <Menu
        label={t.label}
        items={[
          ...views.map((view) => ({
            label: view.name,
            ...(view === current && { icon: 'check' as const }),
            choose: () => show(filterOfSearch(view.search)),
          })),
          { label: t.save, icon: 'save' as const, choose: () => setNaming(true) },
          ...(current === null
            ? []
            : [
                {
                  label: t.remove(current.name),
                  icon: 'close' as const,
                  choose: () => removeView(current.name),
                },
              ]),
        ]}
      >
        <Icon name="note" />
        <span className={current === null ? 'tool-word' : ''}>{current?.name ?? t.title}</span>
      </Menu>
      {isNaming && (
        <FormDialog
          title={t.saveTitle}
          submit={t.saveSubmit}
          run={async (given) => saveView({ name: fieldOf(given, 'name'), search })}
          onClose={() => setNaming(false)}
        >
          <p className="faint">{t.about}</p>
          <label>
            <span className="label">{t.name}</span>
            <input
              className="field"
              name="name"
              required
              autoFocus
              maxLength={64}
              autoComplete="off"
              defaultValue={current?.name ?? ''}
            />
          </label>
        </FormDialog>
      )}
    </>
  );
}
