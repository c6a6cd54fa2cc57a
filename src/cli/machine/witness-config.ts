import { Option } from '@commander-js/extra-typings';
import { z } from 'zod';
import { nameSchema } from '../../model/definitions.ts';
import { etcdSchema, logLevels } from '../../server/config.ts';

export function witnessConfigOption() {
  return new Option('--config <FILE>', "the witness's configuration (WK_WITNESS_CONFIG)")
    .env('WK_WITNESS_CONFIG')
    .default('/etc/watchkeeper/witness.yaml');
}

/** The file that `watchkeeper witness run --config FILE` reads. Unknown keys are refused with their line. */
export const witnessConfigSchema = z
  .strictObject({
    pool: z.strictObject({ id: z.uuid(), name: nameSchema }),
    witness: z.strictObject({ coreId: z.uuid(), name: nameSchema }),
    /** The folder of its keys and of etcd's data. */
    data: z.string().min(2).max(4_096).startsWith('/', 'must be an absolute path'),
    etcd: etcdSchema,
    logLevel: z.enum(logLevels).default('info'),
  })
  .transform(({ etcd, ...config }, context) => {
    const { run, endpoints } = etcd;
    if (run !== null) return { ...config, etcd: { run, endpoints } };
    context.addIssue({
      code: 'custom',
      path: ['etcd'],
      message: 'must say with `run` where its etcd answers',
    });
    return z.NEVER;
  });

export type WitnessConfig = Readonly<z.output<typeof witnessConfigSchema>>;

export interface NewWitness {
  readonly pool: { readonly id: string; readonly name: string };
  readonly witness: { readonly coreId: string; readonly name: string };
  readonly data: string;
  /** `HOST:PORT` each. */
  readonly endpoints: readonly string[];
  readonly run: { readonly client: string; readonly peer: string; readonly unit: string | null };
}

/** A new witness's configuration as a commented YAML file that `witnessConfigSchema` reads. */
export function witnessConfigText({ pool, witness, data, endpoints, run }: NewWitness): string {
  // JSON strings are YAML strings, whatever is in them.
  const text = (value: string): string => JSON.stringify(value);
  const list = endpoints.map(text).join(', ');
  return `# Configuration of the Watchkeeper witness ${witness.name} in the pool ${pool.name}.
# Start it with: watchkeeper witness run --config THIS-FILE
# A key that is not known is refused with its line.

# Who this is. The IDs stay the same for life; copy them to no other machine.
pool:
  id: ${text(pool.id)}
  name: ${text(pool.name)}
witness:
  coreId: ${text(witness.coreId)}
  name: ${text(witness.name)}

# The folder of its keys and of etcd's data.
data: ${text(data)}

# The pool's own etcd: where its members answered when this was written; later ones are found by themselves.
etcd:
  endpoints: [${list}]
  # What this machine runs of it. With unit: NAME.service systemd runs it; without, the witness does.
  run:
    client: ${text(run.client)}
    peer: ${text(run.peer)}
${run.unit === null ? '' : `    unit: ${text(run.unit)}\n`}
# debug, info, warn or error
logLevel: info
`;
}
