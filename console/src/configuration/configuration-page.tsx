import { useState, type JSX } from 'react';
import {
  definitionKinds,
  definitionRights,
  type ConfigPage,
  type DefinitionKind,
  type DefinitionView,
} from '../../../src/model/config.ts';
import { consolePages } from '../../../src/model/console-pages.ts';
import { go, place } from '../browser/place.ts';
import { useStore } from '../browser/store.ts';
import { Blank } from '../parts/blank.tsx';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { mayAsk, useMe } from '../session/allowed.ts';
import { texts } from '../texts.ts';
import { AddDialog } from './add-dialog.tsx';
import { DefinitionEditor } from './definition-editor.tsx';
import { useDefinitions } from './definitions.ts';
import { Workbench } from './workbench.tsx';
import type { Content } from './content.ts';

const t = texts.configuration;
const workbench = 'try';

/** What of the configuration is open, as the address says it. */
interface Where {
  readonly kind: DefinitionKind | typeof workbench;
  readonly name: string | null;
}

export function ConfigurationPage(): JSX.Element {
  const { search } = useStore(place);
  const where = whereOf(search);
  const may = mayAsk(useMe(), 'GET /api/v1/config');
  const { value, error, refresh } = useDefinitions(may === true);
  return (
    <div className={`configuration ${where.name === null ? '' : 'has-name'}`}>
      <h1 className="unseen">{t.title}</h1>
      <Kinds where={where} page={value} />
      {where.kind === workbench ? (
        <Workbench />
      ) : (
        <OfKind where={where} kind={where.kind} may={may} page={value} error={error} refresh={refresh} />
      )}
    </div>
  );
}

function whereOf(search: string): Where {
  const given = new URLSearchParams(search);
  const asked = given.get('kind');
  const kind = asked === workbench ? workbench : (definitionKinds.find((one) => one === asked) ?? 'policy');
  return { kind, name: given.get('name') };
}

function addressOf(kind: string, name: string | null = null): string {
  const query = new URLSearchParams({ kind, ...(name !== null && { name }) });
  return `${consolePages.configuration}?${query}`;
}

/** The ones that are worked with most come first. */
const shownKinds: readonly DefinitionKind[] = [
  'policy',
  'policy-group',
  'tool',
  'node-group',
  'node',
  'external-node',
  'message-group',
  'status-variable',
  'depot-file',
  'role',
  'user-role',
  'user',
  'setting',
];

function Kinds({ where, page }: { readonly where: Where; readonly page: ConfigPage | null }): JSX.Element {
  return (
    <nav className="kinds" aria-label={t.kinds}>
      {shownKinds.map((kind) => {
        const isLeftOut = page?.leftOut.includes(kind) === true;
        const number = page?.definitions.filter((one) => one.kind === kind).length ?? null;
        return (
          <Link key={kind} to={addressOf(kind)} aria-current={where.kind === kind ? 'page' : undefined}>
            <span>{t.kindNames[kind]}</span>
            <small>{isLeftOut ? t.kindNeeds(definitionRights[kind]) : number}</small>
          </Link>
        );
      })}
      <Link to={addressOf(workbench)} aria-current={where.kind === workbench ? 'page' : undefined}>
        <span>{t.workbench}</span>
      </Link>
    </nav>
  );
}

interface OfKindProps {
  readonly where: Where;
  readonly kind: DefinitionKind;
  readonly may: true | string;
  readonly page: ConfigPage | null;
  readonly error: string | null;
  readonly refresh: () => void;
}

function OfKind({ where: { name }, kind, may, page, error, refresh }: OfKindProps): JSX.Element {
  /** What a definition that is not there yet begins with. */
  const [begun, begin] = useState<{ readonly name: string; readonly content: Content } | null>(null);
  const [isAdding, setAdding] = useState(false);
  if (may !== true)
    return <Blank icon="person" title={texts.access.noRight(may)} hint={texts.access.noRightHint} />;
  if (page === null)
    return error === null ? (
      <Blank icon="search" title={texts.loading} />
    ) : (
      <Blank icon="alert" title={t.failed(error)} isFault />
    );
  if (page.leftOut.includes(kind))
    return (
      <Blank
        icon="person"
        title={texts.access.noRight(t.kindNeeds(definitionRights[kind]))}
        hint={texts.access.noRightHint}
      />
    );
  const all = page.definitions.filter((one) => one.kind === kind);
  const found = all.find((one) => one.name === name) ?? null;
  return (
    <>
      <Names kind={kind} all={all} chosen={name} add={() => setAdding(true)} />
      {name === null ? (
        <Blank icon="note" title={t.choose} hint={t.chooseHint} />
      ) : (
        <DefinitionEditor
          key={`${kind}/${name}`}
          kind={kind}
          name={name}
          found={found}
          begun={begun?.name === name ? begun.content : {}}
          refresh={refresh}
          back={addressOf(kind)}
        />
      )}
      {isAdding && (
        <AddDialog
          kind={kind}
          begin={(next, content) => {
            begin({ name: next, content });
            go(addressOf(kind, next));
          }}
          onClose={() => setAdding(false)}
        />
      )}
    </>
  );
}

interface NamesProps {
  readonly kind: DefinitionKind;
  readonly all: readonly DefinitionView[];
  readonly chosen: string | null;
  readonly add: () => void;
}

function Names({ kind, all, chosen, add }: NamesProps): JSX.Element {
  const [text, setText] = useState('');
  const shown = all.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  return (
    <section className="names" aria-label={t.names(t.kindNames[kind])}>
      <div className="names-head">
        <span className="search">
          <Icon name="search" />
          <input
            className="field"
            placeholder={t.find}
            aria-label={t.find}
            autoComplete="off"
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        </span>
        {kind !== 'depot-file' && (
          <button type="button" className="button" onClick={add}>
            {t.add}
          </button>
        )}
      </div>
      {kind === 'depot-file' && <p className="faint names-none">{t.addFile}</p>}
      {shown.length === 0 && <p className="faint names-none">{all.length === 0 ? t.none : t.noneFound}</p>}
      <ul>
        {shown.map(({ name, content }) => (
          <li key={name}>
            <Link to={addressOf(kind, name)} aria-current={name === chosen ? 'true' : undefined}>
              {name}
              {typeof content['kind'] === 'string' && <small>{content['kind']}</small>}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
