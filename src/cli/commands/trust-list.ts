import type { Command } from '@commander-js/extra-typings';
import type { TrustedAuthority } from '../../model/trust.ts';
import { certificateInfo } from '../../security/certificate-info.ts';
import { listIdentities, type ListedIdentity } from '../../security/identity-list.ts';
import { notFollowed, readTrust } from '../../security/trust.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note, printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { localTimeText, localZone } from '../terminal/times.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

const namesMax = 20;

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `While the authority is rotated it says who has not followed yet: whose certificate the new one has not signed, and whose etcd
does not believe it.
`,
    )
    .addOption(configOption())
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(
  cli: Cli,
  { config, json }: { readonly config: string; readonly json?: true },
): Promise<void> {
  const { pool, trust, identities, behind } = await withCoordinator(cli, config, async ({ coordination }) => {
    const [known, all] = await Promise.all([readTrust(coordination), listIdentities(coordination)]);
    const { signsOthers, signsServers } = known.trust;
    const isUnderWay = signsOthers !== signsServers;
    const left = isUnderWay ? await notFollowed(coordination, all, signsOthers) : [];
    return { ...known, identities: all, behind: left };
  });
  const rows = trust.authorities.map((authority) => {
    const { fingerprint, notAfterMs } = certificateInfo(authority.certificatePem);
    const roles = [
      ...(fingerprint === trust.signsServers ? ['signs servers'] : []),
      ...(fingerprint === trust.signsOthers ? ['signs others'] : []),
    ];
    const signed = identities.filter(({ record }) => record?.authority === fingerprint).length;
    return { authority, fingerprint, notAfterMs, signed, duty: roles.join(', ') || 'believed' };
  });
  const isRotating = trust.signsOthers !== trust.signsServers;
  if (json)
    return printJson(cli, {
      authorities: rows.map(({ authority: { pool: of, name, certificatePem }, ...row }) => ({
        ...row,
        pool: of,
        name,
        certificatePem,
      })),
      rotating: isRotating,
      notFollowed: behind.map(({ coreId, kind, name }) => ({ coreId, kind, name })),
    });
  const zone = localZone();
  const columns: Column<(typeof rows)[number]>[] = [
    { title: 'AUTHORITY', value: ({ fingerprint }) => fingerprint.slice(0, 16) },
    { title: 'POOL', value: ({ authority }) => poolText(authority, pool.id) },
    { title: 'DUTY', value: ({ duty }) => duty },
    { title: 'SIGNED', align: 'right', value: ({ signed }) => String(signed) },
    { title: 'UNTIL', value: ({ notAfterMs }) => localTimeText(notAfterMs, zone) },
    { title: 'SINCE', value: ({ authority }) => localTimeText(authority.addedMs, zone) },
    { title: 'BY', value: ({ authority }) => safeText(authority.by) },
  ];
  printTable(cli, rows, columns, 'no authority is believed');
  if (isRotating) note(cli, rotationText(behind));
}

function poolText({ pool, name }: TrustedAuthority, own: string): string {
  return pool === own ? 'this one' : `${safeText(name)} (${pool})`;
}

function rotationText(behind: readonly ListedIdentity[]): string {
  if (behind.length === 0) return 'everybody has followed; `watchkeeper trust rotate --finish` goes on';
  const names = behind.slice(0, namesMax).map(({ kind, name }) => `${kind} ${safeText(name)}`);
  const more = behind.length > namesMax ? ` and ${behind.length - namesMax} more` : '';
  return `${behind.length} have not followed yet: ${names.join(', ')}${more}`;
}
