import { useState, type JSX } from 'react';
import { doneSchema, tokenAnswerSchema, type TokenView } from '../../../src/model/users-api.ts';
import { tell, withdraw } from '../api/api.ts';
import { usePolled } from '../api/polled.ts';
import { door } from '../browser/door.ts';
import { Blank } from '../parts/blank.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { fieldOf, FormDialog } from '../parts/form-dialog.tsx';
import { SecretDialog } from '../parts/secret-dialog.tsx';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { refreshAccess, tokens } from './access-answers.ts';
import { Panel } from './panel.tsx';
import { RolePicker, rolesOf } from './role-picker.tsx';

const t = texts.access;
const dayMs = 86_400_000;

type Wanted =
  | { readonly kind: 'make' }
  | { readonly kind: 'made'; readonly name: string; readonly token: string }
  | { readonly kind: 'revoke'; readonly name: string };

export function TokensPanel(): JSX.Element {
  const answer = usePolled(tokens);
  const [wanted, want] = useState<Wanted | null>(null);
  const close = (): void => want(null);
  return (
    <Panel answer={answer}>
      {({ tokens: all }) => (
        <section className="panel">
          <div className="panel-head">
            <button type="button" className="button primary" onClick={() => want({ kind: 'make' })}>
              {t.addToken}
            </button>
          </div>
          {all.length === 0 ? (
            <Blank icon="link" title={t.tokensEmpty} hint={t.tokensEmptyHint} />
          ) : (
            <TokenTable all={all} revoke={(name) => want({ kind: 'revoke', name })} />
          )}
          {wanted?.kind === 'make' && <MakeToken onClose={want} />}
          {wanted?.kind === 'made' && (
            <SecretDialog
              title={t.tokenMade}
              about={t.tokenMadeAbout(wanted.name)}
              secret={wanted.token}
              onClose={close}
            />
          )}
          {wanted?.kind === 'revoke' && <Revoke name={wanted.name} onClose={close} />}
        </section>
      )}
    </Panel>
  );
}

function TokenTable({
  all,
  revoke,
}: {
  readonly all: readonly TokenView[];
  readonly revoke: (name: string) => void;
}): JSX.Element {
  const times = useTimes();
  const nowMs = door.nowMs();
  const columns: readonly Column<TokenView>[] = [
    {
      title: t.name,
      kind: 'head',
      cell: ({ name, id }) => (
        <>
          {name}
          <small>{id}</small>
        </>
      ),
    },
    { title: t.roles, cell: ({ roles }) => roles.join(', ') },
    { title: t.made, kind: 'short', cell: ({ createdMs }) => times.full(createdMs).slice(0, 16) },
    {
      title: t.expires,
      kind: 'short',
      cell: ({ expiresMs }) => {
        if (expiresMs === null) return t.never;
        return expiresMs <= nowMs ? t.over : times.full(expiresMs).slice(0, 16);
      },
    },
    {
      title: t.change,
      kind: 'end',
      cell: ({ name }) => (
        <button
          type="button"
          className="button small"
          aria-label={`${t.revoke} ${name}`}
          onClick={() => revoke(name)}
        >
          {t.revoke}
        </button>
      ),
    },
  ];
  return <DataTable label={t.tabs.tokens} rows={all} columns={columns} keyOf={({ id }) => id} />;
}

function MakeToken({ onClose }: { readonly onClose: (next: Wanted | null) => void }): JSX.Element {
  let next: Wanted | null = null;
  const run = async (given: FormData): Promise<void> => {
    const name = fieldOf(given, 'name');
    const days = fieldOf(given, 'days');
    const validMs = days === '' ? null : Number(days) * dayMs;
    const { token } = await tell(
      '/api/v1/tokens',
      { name, roles: rolesOf(given), validMs },
      tokenAnswerSchema,
    );
    next = { kind: 'made', name, token };
    refreshAccess();
  };
  return (
    <FormDialog title={t.tokenTitle} submit={t.makeToken} run={run} onClose={() => onClose(next)}>
      <p className="faint">{t.tokenAbout}</p>
      <label>
        <span className="label">{t.name}</span>
        <input className="field" name="name" required autoFocus maxLength={63} autoComplete="off" />
      </label>
      <RolePicker chosen={['observer']} />
      <label>
        <span className="label">{t.valid}</span>
        <select className="field" name="days" defaultValue="90">
          {(['1', '30', '90', '365', ''] as const).map((days) => (
            <option key={days} value={days}>
              {t.validNames[days]}
            </option>
          ))}
        </select>
      </label>
    </FormDialog>
  );
}

function Revoke({ name, onClose }: { readonly name: string; readonly onClose: () => void }): JSX.Element {
  const run = async (): Promise<void> => {
    await withdraw(`/api/v1/tokens/${encodeURIComponent(name)}`, doneSchema);
    refreshAccess();
  };
  return (
    <FormDialog title={t.revokeTitle(name)} submit={t.revokeSubmit} run={run} onClose={onClose}>
      <p>{t.revokeAbout}</p>
    </FormDialog>
  );
}
