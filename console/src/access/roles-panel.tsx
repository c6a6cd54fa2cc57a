import { useState, type JSX } from 'react';
import { rights, type Permission, type Right } from '../../../src/model/rights.ts';
import { userRoleSchema } from '../../../src/model/users.ts';
import { doneSchema, type UserRoleBody, type UserRoleView } from '../../../src/model/users-api.ts';
import { put, withdraw } from '../api/api.ts';
import { usePolled } from '../api/polled.ts';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { fieldOf, FormDialog } from '../parts/form-dialog.tsx';
import { Menu } from '../parts/menu.tsx';
import { texts } from '../texts.ts';
import { refreshAccess, userRoles } from './access-answers.ts';
import { Panel } from './panel.tsx';

const t = texts.access;
type Wanted = { readonly kind: 'edit' | 'remove'; readonly role: UserRoleView | null };

export function RolesPanel(): JSX.Element {
  const answer = usePolled(userRoles);
  const [wanted, want] = useState<Wanted | null>(null);
  const columns: readonly Column<UserRoleView>[] = [
    {
      title: t.name,
      kind: 'head',
      cell: ({ name, builtIn, description = '' }) => (
        <>
          {name}
          {builtIn && <span className="tag">{t.builtIn}</span>}
          {description !== '' && <small>{description}</small>}
        </>
      ),
    },
    { title: t.rights, cell: ({ permissions }) => <RightList permissions={permissions} /> },
    { title: t.users, cell: ({ users }) => t.usersOf(users) },
    {
      title: t.change,
      kind: 'end',
      cell: (role) => (
        <Menu
          className="small"
          label={t.changeOf(role.name)}
          items={[
            {
              label: t.editRole,
              refused: whyNotEdited(role),
              choose: () => want({ kind: 'edit', role }),
            },
            { label: t.removeAction, refused: whyKept(role), choose: () => want({ kind: 'remove', role }) },
          ]}
        >
          {t.change}
        </Menu>
      ),
    },
  ];
  return (
    <Panel answer={answer}>
      {({ userRoles: all }) => (
        <section className="panel">
          <div className="panel-head">
            <button
              type="button"
              className="button primary"
              onClick={() => want({ kind: 'edit', role: null })}
            >
              {t.addRole}
            </button>
          </div>
          <DataTable label={t.tabs.roles} rows={all} columns={columns} keyOf={({ name }) => name} />
          {wanted?.kind === 'edit' && <EditRole role={wanted.role} onClose={() => want(null)} />}
          {wanted?.kind === 'remove' && wanted.role !== null && (
            <RemoveRole name={wanted.role.name} onClose={() => want(null)} />
          )}
        </section>
      )}
    </Panel>
  );
}

function whyKept({ builtIn, users }: UserRoleView): string | null {
  if (builtIn) return t.builtInReason;
  return users > 0 ? t.roleInUse(users) : null;
}

/** The form has one row a right: saved with it, further scopes of the same right would be gone. */
function whyNotEdited({ builtIn, permissions }: UserRoleView): string | null {
  if (builtIn) return t.builtInReason;
  return new Set(permissions.map(({ right }) => right)).size < permissions.length ? t.editAsText : null;
}

function RightList({ permissions }: { readonly permissions: readonly Permission[] }): JSX.Element {
  return (
    <ul className="rights">
      {permissions.map(({ right, groups, ...over }) => (
        <li key={`${right} ${nodesText(over)} ${groups?.join(' ')}`}>
          <b>{right}</b> <span className="faint">{t.scope(nodeWords(over), groups) || t.scopeAll}</span>
        </li>
      ))}
    </ul>
  );
}

/** One row a right; more than one scope for a right is what the text editor of the configuration page is for. */
function EditRole({
  role,
  onClose,
}: {
  readonly role: UserRoleView | null;
  readonly onClose: () => void;
}): JSX.Element {
  const run = async (given: FormData): Promise<void> => {
    const name = role?.name ?? fieldOf(given, 'name');
    const body: UserRoleBody = {
      ...(fieldOf(given, 'description') !== '' && { description: fieldOf(given, 'description') }),
      permissions: rights.filter((right) => given.has(right)).map((right) => permissionOf(given, right)),
    };
    await put(`/api/v1/user-roles/${encodeURIComponent(name)}`, body, userRoleSchema);
    refreshAccess();
  };
  return (
    <FormDialog title={t.roleTitle(role?.name ?? null)} submit={t.save} run={run} onClose={onClose}>
      {role === null && (
        <label>
          <span className="label">{t.name}</span>
          <input className="field" name="name" required autoFocus maxLength={63} autoComplete="off" />
        </label>
      )}
      <label>
        <span className="label">{t.description}</span>
        <input className="field" name="description" maxLength={256} defaultValue={role?.description ?? ''} />
      </label>
      <fieldset className="scopes">
        <legend className="label">{t.rights}</legend>
        {rights.map((right) => (
          <RightRow key={right} right={right} given={role?.permissions.find((one) => one.right === right)} />
        ))}
        <p className="faint">{t.patternsAbout}</p>
      </fieldset>
    </FormDialog>
  );
}

function RightRow({
  right,
  given,
}: {
  readonly right: Right;
  readonly given: Permission | undefined;
}): JSX.Element {
  return (
    <div className="scope">
      <label>
        <input type="checkbox" className="tick" name={right} defaultChecked={given !== undefined} />
        <span>
          {right}
          <small>{t.rightNames[right]}</small>
        </span>
      </label>
      {(['nodes', 'groups'] as const).map((list) => (
        <input
          key={list}
          className="field"
          name={`${right}-${list}`}
          aria-label={`${right}: ${list === 'nodes' ? t.rightOver : t.rightGroups}`}
          placeholder={list === 'nodes' ? t.rightOver : t.rightGroups}
          defaultValue={list === 'nodes' ? nodesText(given ?? {}) : (given?.groups?.join(' ') ?? '')}
          autoComplete="off"
          spellCheck={false}
        />
      ))}
    </div>
  );
}

function permissionOf(given: FormData, right: Right): Permission {
  const list = (name: string): string[] =>
    fieldOf(given, `${right}-${name}`)
      .split(/[\s,]+/)
      .filter(Boolean);
  const [named, groups] = [list('nodes'), list('groups')];
  const nodes = named.filter((word) => !word.startsWith('@'));
  const nodeGroups = named.filter((word) => word.startsWith('@')).map((word) => word.slice(1));
  return {
    right,
    ...(nodes.length > 0 && { nodes }),
    ...(nodeGroups.length > 0 && { nodeGroups }),
    ...(groups.length > 0 && { groups }),
  };
}

/** Node groups stand among the nodes, with an @, as on the command line. Undefined where it is over every node. */
function nodeWords({ nodes, nodeGroups }: Pick<Permission, 'nodes' | 'nodeGroups'>): string[] | undefined {
  if (nodes === undefined && nodeGroups === undefined) return undefined;
  return [...(nodes ?? []), ...(nodeGroups ?? []).map((name) => `@${name}`)];
}

function nodesText(over: Pick<Permission, 'nodes' | 'nodeGroups'>): string {
  return nodeWords(over)?.join(' ') ?? '';
}

function RemoveRole({ name, onClose }: { readonly name: string; readonly onClose: () => void }): JSX.Element {
  const run = async (): Promise<void> => {
    await withdraw(`/api/v1/user-roles/${encodeURIComponent(name)}`, doneSchema);
    refreshAccess();
  };
  return (
    <FormDialog title={t.removeRole(name)} submit={t.remove} run={run} onClose={onClose}>
      <p>{t.removeRoleAbout}</p>
    </FormDialog>
  );
}
