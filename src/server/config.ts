import { z } from 'zod';
import { managedMembers, managedUrl } from '../coordination/managed/etcd-files.ts';
import { addressSchema, addressText, isEveryAddress } from '../model/address.ts';
import { byteSizeSchema } from '../model/byte-size.ts';
import { nameSchema } from '../model/definitions.ts';
import { durationSchema } from '../model/duration.ts';
import { timingProfiles, type Timings } from '../pool/lease/timings.ts';

const dayMs = 86_400_000;
const path = z.string().min(2).max(4_096).startsWith('/', 'must be an absolute path');

const journalSchema = z
  .strictObject({
    /** Entries that every member has are kept this long. */
    keep: durationSchema(60_000, 3_650 * dayMs).prefault('7d'),
    /** Beyond this age or size an absent member no longer holds up trimming; it takes a snapshot when it returns. */
    keepForAbsent: z
      .strictObject({
        age: durationSchema(60_000, 3_650 * dayMs).prefault('30d'),
        size: byteSizeSchema(1_048_576, 999_999_999 * 1_048_576).prefault('4GiB'),
      })
      .prefault({}),
  })
  .transform(({ keep, keepForAbsent }) => ({
    keepMs: keep,
    keepForAbsentMs: keepForAbsent.age,
    keepForAbsentBytes: keepForAbsent.size,
  }));

/** What is left out is as the profile has it; whether all of it fits together is checked when the keeper starts. */
const leaseSchema = z
  .strictObject({
    profile: z.enum(['default', 'fast', 'patient']).default('default'),
    renewEvery: durationSchema(50, 60_000).optional(),
    callTimeout: durationSchema(50, 60_000).optional(),
    /** What a holder needs at most to stop acting. */
    stopBudget: durationSchema(0, 60_000).optional(),
    ttl: durationSchema(500, 600_000).optional(),
  })
  .transform(({ profile, renewEvery, callTimeout, stopBudget, ttl }): Timings => {
    const base = timingProfiles[profile];
    return {
      ...base,
      renewEveryMs: renewEvery ?? base.renewEveryMs,
      callTimeoutMs: callTimeout ?? base.callTimeoutMs,
      stopBudgetMs: stopBudget ?? base.stopBudgetMs,
      ttlMs: ttl ?? base.ttlMs,
    };
  });

/** The pool's own etcd: where its members are, and what this machine runs of it. */
export const etcdSchema = z
  .strictObject({
    endpoints: z.array(addressSchema).min(1).max(9),
    run: z
      .strictObject({
        client: addressSchema,
        peer: addressSchema,
        /** The unit of systemd that runs it; without one the keeper starts it, and leaves it running when it ends. */
        unit: z.string().min(1).max(256).optional(),
      })
      .optional(),
  })
  .transform(({ endpoints, run }) => ({
    endpoints: endpoints.map(addressText),
    run:
      run === undefined
        ? null
        : { client: addressText(run.client), peer: addressText(run.peer), unit: run.unit ?? null },
  }));

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** The file that `watchkeeper server run --config FILE` reads. Unknown keys are refused with their line. */
export const serverConfigSchema = z
  .strictObject({
    pool: z.strictObject({ id: z.uuid(), name: nameSchema }),
    server: z.strictObject({ coreId: z.uuid(), name: nameSchema }),
    listen: addressSchema,
    /** Where the other servers, agents and people reach this server; from `listen` when left out. */
    url: z
      .url({ protocol: /^https$/ })
      .max(1_024)
      .optional(),
    /** The folder of the database and of this server's keys. */
    data: path,
    /** Where the pool keeps who is in charge; `managed` for the pool's own etcd, which `etcd` tells about. */
    coordination: z.string().min(1).max(4_096),
    etcd: etcdSchema.optional(),
    /** `available`: goes on with one copy and says so. `strict`: takes nothing that it cannot store twice. */
    durability: z.enum(['available', 'strict']).default('available'),
    journal: journalSchema.prefault({}),
    lease: leaseSchema.prefault({}),
    logLevel: z.enum(logLevels).default('info'),
  })
  .refine(({ listen, url }) => url !== undefined || !isEveryAddress(listen), {
    path: ['listen'],
    message: 'is every address of this machine, so `url` must say which one the others use',
  })
  .refine(({ coordination, etcd }) => (coordination === 'managed') === (etcd !== undefined), {
    path: ['coordination'],
    message: 'is `managed` exactly when `etcd` says where the members are',
  })
  .transform(({ etcd, ...config }) => ({
    ...config,
    url: config.url ?? `https://${addressText(config.listen)}`,
    coordination:
      etcd === undefined ? config.coordination : managedUrl(etcd.endpoints, config.pool.id, config.data),
    /** What who joins is told of it. */
    coordinationTold: etcd === undefined ? config.coordination : managedMembers(etcd.endpoints),
    coordinatorKind: etcd === undefined ? (config.coordination.split(':')[0] ?? '') : 'managed etcd',
    /** Null for a coordinator that others look after. */
    etcd: etcd ?? null,
  }));

export type ServerConfig = Readonly<z.output<typeof serverConfigSchema>>;
