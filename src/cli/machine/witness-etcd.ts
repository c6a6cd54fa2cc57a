import type { Coordination } from '../../coordination/coordination.ts';
import type { EtcdFilePaths } from '../../coordination/managed/etcd-files.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { keepEtcdRevoked } from '../../security/etcd-revoked.ts';
import { etcdSignedBy, keepEtcdTrust } from '../../security/etcd-trust.ts';
import { WitnessIdentity } from '../../security/witness-identity.ts';
import type { KeptEtcd } from './managed-etcd.ts';

/** As `keepEtcd` for a server: a witness has its certificate signed by one. Errors: those of reading its files. */
export async function keepWitnessEtcd(
  runtime: Runtime,
  coordination: Coordination,
  files: EtcdFilePaths,
): Promise<KeptEtcd> {
  const signedBy = (): Promise<string | null> => etcdSignedBy(runtime.files, files);
  const identity = await WitnessIdentity.start({ runtime, coordination, files });
  const trust = await keepEtcdTrust(runtime, coordination, files, async ({ signsServers }) => {
    if ((await signedBy()) !== signsServers) identity.want();
  });
  const revoked = await keepEtcdRevoked(runtime, coordination, files);
  return {
    terms: () => ({ believes: trust.believes(), refuses: revoked.coreIds() }),
    signedBy,
    [Symbol.dispose]: () => {
      for (const kept of [identity, trust, revoked]) kept[Symbol.dispose]();
    },
  };
}
