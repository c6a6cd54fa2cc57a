import { useState, type JSX } from 'react';
import { userActions, userCan, type UserAction } from '../../../src/model/user-actions.ts';
import {
  userAnswerSchema,
  type UserAnswer,
  type UserRequest,
  type UserView,
} from '../../../src/model/users-api.ts';
import { doneSchema } from '../../../src/model/users-api.ts';
import { tell, withdraw } from '../api/api.ts';
import { usePolled } from '../api/polled.ts';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { fieldOf, FormDialog } from '../parts/form-dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Menu } from '../parts/menu.tsx';
import { SecretDialog } from '../parts/secret-dialog.tsx';
import { useMe } from '../session/allowed.ts';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { refreshAccess, users } from './access-answers.ts';
import { Panel } from './panel.tsx';
import { RolePicker, rolesOf } from './role-picker.tsx';

const t = texts.access;

type Wanted =
  | { readonly kind: 'add' }
  | { readonly kind: UserAction; readonly user: UserView }
  | { readonly kind: 'link'; readonly name: string; readonly setup: NonNullable<UserAnswer['setup']> };

export function UsersPanel(): JSX.Element {
  const answer = usePolled(users);
  const [wanted, want] = useState<Wanted | null>(null);
  return (
    <Panel answer={answer}>
      {({ users: all }) => (
        <section className="panel">
          <div className="panel-head">
            <button type="button" className="button primary" onClick={() => want({ kind: 'add' })}>
              {t.addUser}
            </button>
          </div>
          <UserTable all={all} want={want} />
          {wanted !== null && <UserDialog wanted={wanted} want={want} />}
        </section>
      )}
    </Panel>
  );
}

function UserTable({
  all,
  want,
}: {
  readonly all: readonly UserView[];
  readonly want: (wanted: Wanted) => void;
}): JSX.Element {
  const times = useTimes();
  const me = useMe();
  const columns: readonly Column<UserView>[] = [
    {
      title: t.name,
      kind: 'head',
      cell: ({ name, displayName }) => (
        <>
          {name}
          {name === me.name && <span className="tag">{t.you}</span>}
          {displayName !== '' && <small>{displayName}</small>}
        </>
      ),
    },
    { title: t.roles, cell: ({ roles }) => (roles.length === 0 ? t.noRoles : roles.join(', ')) },
    { title: t.state, cell: (user) => <UserState user={user} /> },
    { title: t.made, kind: 'short', cell: ({ createdMs }) => times.full(createdMs).slice(0, 10) },
    {
      title: t.change,
      kind: 'end',
      cell: (user) => (
        <Menu
          className="small"
          label={t.changeOf(user.name)}
          items={userActions.map((kind) => {
            const may = userCan(kind, user, all);
            return {
              label: t.actions[kind],
              refused: may === true ? null : may,
              choose: () => want({ kind, user }),
            };
          })}
        >
          {t.change}
        </Menu>
      ),
    },
  ];
  return <DataTable label={t.tabs.users} rows={all} columns={columns} keyOf={({ coreId }) => coreId} />;
}

function UserState({ user: { disabled, hasPassword } }: { readonly user: UserView }): JSX.Element {
  return (
    <>
      <span className={`state ${disabled ? 'is-offline' : 'is-well'}`}>
        <span className="dot" aria-hidden="true" />
        {disabled ? t.disabled : t.enabled}
      </span>
      {!hasPassword && <small>{t.noPassword}</small>}
    </>
  );
}

function UserDialog({
  wanted,
  want,
}: {
  readonly wanted: Wanted;
  readonly want: (wanted: Wanted | null) => void;
}): JSX.Element {
  const times = useTimes();
  const close = (): void => want(null);
  if (wanted.kind === 'link') {
    const { name, setup } = wanted;
    const address = new URL(setup.path, window.location.origin).href;
    return (
      <SecretDialog
        title={t.linkTitle}
        about={t.linkAbout(name, times.full(setup.expiresMs).slice(0, 16))}
        secret={address}
        onClose={close}
      />
    );
  }
  // The answer may hold a link, which is shown after the form has closed.
  let next: Wanted | null = null;
  const then = ({ user, setup }: UserAnswer): void => {
    if (setup !== null) next = { kind: 'link', name: user.name, setup };
    refreshAccess();
  };
  const over = (): void => want(next);
  if (wanted.kind === 'add') return <AddUser then={then} onClose={over} />;
  if (wanted.kind === 'change') return <ChangeUser user={wanted.user} then={then} onClose={over} />;
  const { kind, user } = wanted;
  const { title, about, submit } = t.confirm[kind];
  const run = async (): Promise<void> => {
    const path = `/api/v1/users/${encodeURIComponent(user.name)}`;
    if (kind === 'remove') await withdraw(path, doneSchema);
    else then(await tell(path, { kind } satisfies UserRequest, userAnswerSchema));
    refreshAccess();
  };
  return (
    <FormDialog title={title(user.name)} submit={submit} run={run} onClose={over}>
      <p>{about}</p>
    </FormDialog>
  );
}

interface FormProps {
  readonly then: (answer: UserAnswer) => void;
  readonly onClose: () => void;
}

function AddUser({ then, onClose }: FormProps): JSX.Element {
  const run = async (given: FormData): Promise<void> => {
    const displayName = fieldOf(given, 'displayName');
    const body = {
      name: fieldOf(given, 'name'),
      roles: rolesOf(given),
      ...(displayName !== '' && { displayName }),
    };
    then(await tell('/api/v1/users', body, userAnswerSchema));
  };
  return (
    <FormDialog title={t.addTitle} submit={t.add} run={run} onClose={onClose}>
      <p className="faint">{t.addAbout}</p>
      <label>
        <span className="label">{t.name}</span>
        <input className="field" name="name" required autoFocus maxLength={63} autoComplete="off" />
      </label>
      <label>
        <span className="label">{t.displayName}</span>
        <input className="field" name="displayName" maxLength={128} autoComplete="off" />
      </label>
      <RolePicker chosen={['operator']} />
    </FormDialog>
  );
}

function ChangeUser({ user, then, onClose }: FormProps & { readonly user: UserView }): JSX.Element {
  const run = async (given: FormData): Promise<void> => {
    const displayName = fieldOf(given, 'displayName');
    const roles = rolesOf(given);
    const isSame = roles.toSorted().join(' ') === user.roles.toSorted().join(' ');
    // Roles that are given anew end the user's sessions, so the same ones are not given.
    const body: UserRequest = { kind: 'change', displayName, ...(!isSame && { roles }) };
    then(await tell(`/api/v1/users/${encodeURIComponent(user.name)}`, body, userAnswerSchema));
  };
  return (
    <FormDialog title={t.changeTitle(user.name)} submit={t.save} run={run} onClose={onClose}>
      <label>
        <span className="label">{t.displayName}</span>
        <input
          className="field"
          name="displayName"
          defaultValue={user.displayName}
          maxLength={128}
          autoComplete="off"
          autoFocus
        />
      </label>
      <RolePicker chosen={user.roles} />
      <p className="faint">
        <Icon name="alert" /> {t.changeAbout}
      </p>
    </FormDialog>
  );
}
