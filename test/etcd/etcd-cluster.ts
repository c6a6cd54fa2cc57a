import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectMember } from '../../src/coordination/etcd/member.ts';
import type { Credentials } from '../../src/runtime/network.ts';
import { freePorts } from '../pool/free-ports.ts';
import { signal, type Signal } from '../pool/managed-process.ts';
import { until } from '../pool/real-pool.ts';

/** The files with which members know each other and their clients. */
export interface EtcdTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

interface Place {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

/** Real etcd on this machine, with quick elections; its data is removed at the end. */
export class EtcdCluster implements AsyncDisposable {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'watchkeeper-etcd-'));
  readonly #places: readonly Place[];
  readonly #processes = new Map<string, ChildProcess>();
  readonly #tls: EtcdTls | null;

  private constructor(places: readonly Place[], tls: EtcdTls | null) {
    this.#places = places;
    this.#tls = tls;
  }

  static async start(count: number, tls: EtcdTls | null = null): Promise<EtcdCluster> {
    const ports = await freePorts(count * 2);
    const places = Array.from({ length: count }, (_, index) => ({
      name: `etcd-${index + 1}`,
      clientPort: ports[index * 2] ?? 0,
      peerPort: ports[index * 2 + 1] ?? 0,
    }));
    const cluster = new EtcdCluster(places, tls);
    try {
      for (const { name } of places) cluster.run(name);
      await cluster.ready();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  get names(): string[] {
    return this.#places.map(({ name }) => name);
  }

  get endpoints(): string[] {
    return this.#places.map(({ clientPort }) => `${this.#scheme}://127.0.0.1:${clientPort}`);
  }

  /** As the configuration of a server names it. */
  url(prefix: string): string {
    const hosts = this.#places.map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(',');
    return this.#tls === null
      ? `etcd://${hosts}/${prefix}`
      : `etcds://${hosts}/${prefix}?${new URLSearchParams({ ...this.#tls }).toString()}`;
  }

  endpointOf(name: string): string {
    return this.endpoints[this.names.indexOf(name)] ?? '';
  }

  run(name: string): void {
    this.#processes.set(name, spawn('etcd', this.#arguments(name), { stdio: 'ignore' }));
  }

  send(name: string, what: Signal): void {
    const pid = this.#processes.get(name)?.pid;
    if (pid !== undefined) signal(pid, what);
  }

  async kill(name: string): Promise<void> {
    const child = this.#processes.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.send(name, 'SIGKILL');
    await once(child, 'exit');
  }

  /** Every member answers and knows a leader. */
  async ready(): Promise<void> {
    const credentials = this.#tls === null ? undefined : credentialsOf(this.#tls);
    for (const endpoint of this.endpoints) {
      const member = connectMember(endpoint, credentials);
      try {
        await until(
          `${endpoint} has a leader`,
          async () => (await member.maintenance.status({}, { timeoutMs: 500 })).leader !== 0n,
          15_000,
          50,
        );
      } finally {
        member.close();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.names.map((name) => this.kill(name)));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What etcd and the restoring of its backup have to be told alike. */
  identityOf(name: string): string[] {
    const peer = (of: Place): string => `http://127.0.0.1:${of.peerPort}`;
    const place = this.#places.find((each) => each.name === name);
    return [
      `--name=${name}`,
      `--initial-advertise-peer-urls=${place === undefined ? '' : peer(place)}`,
      `--initial-cluster=${this.#places.map((each) => `${each.name}=${peer(each)}`).join(',')}`,
    ];
  }

  get #scheme(): string {
    return this.#tls === null ? 'http' : 'https';
  }

  #arguments(name: string): string[] {
    const place = this.#places.find((each) => each.name === name);
    if (place === undefined) throw new Error(`no member ${name}`);
    const peer = (of: Place): string => `http://127.0.0.1:${of.peerPort}`;
    const client = `${this.#scheme}://127.0.0.1:${place.clientPort}`;
    const tls = this.#tls;
    return [
      `--name=${name}`,
      `--data-dir=${path.join(this.folder, name)}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer(place)}`,
      ...this.identityOf(name).filter((each) => !each.startsWith('--name')),
      ...(tls === null
        ? []
        : [
            `--cert-file=${tls.cert}`,
            `--key-file=${tls.key}`,
            `--trusted-ca-file=${tls.ca}`,
            '--client-cert-auth',
          ]),
    ];
  }
}

function credentialsOf({ ca, cert, key }: EtcdTls): Credentials {
  const [authority, certificatePem, keyPem] = [ca, cert, key].map((file) => readFileSync(file, 'utf8'));
  return {
    authorityPems: [authority ?? ''],
    certificatePem: certificatePem ?? '',
    keyPem: keyPem ?? '',
  };
}
