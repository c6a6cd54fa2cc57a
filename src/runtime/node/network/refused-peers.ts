import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '../../../model/identity.ts';
import type { ListenOptions, PeerCertificate } from '../../network.ts';
import { nodeTimers } from '../clock.ts';
import { identityOfSocket, peerCertificate } from './peer-identity.ts';

/** So long a refused peer may take to ask for anything, and so to hear why. */
const tellWithinMs = 2_000;

interface Admitted {
  readonly identity: Identity;
  readonly certificate: PeerCertificate;
  /** The fingerprint of the authority that signed it; null where ours changed during the handshake. */
  readonly authority: string | null;
}

/**
 * Who is connected with a certificate of this pool, and which of them are refused although it is in order. TLS itself
 * knows nothing of that, so a refused peer completes its handshake, and whatever it says then is answered with the reason.
 */
export class RefusedPeers {
  readonly #options: Pick<ListenOptions, 'pool' | 'whyRefused'>;
  readonly #open = new Map<TLSSocket, Admitted>();
  #authorities: readonly X509Certificate[];
  readonly #refused = new WeakMap<object, string>();

  constructor(server: Server, options: ListenOptions, refused: (socket: TLSSocket, why: string) => void) {
    this.#options = options;
    this.#authorities = options.credentials.authorityPems.map((pem) => new X509Certificate(pem));
    if (!options.whyRefused) return;
    server.on('secureConnection', (socket) => {
      const why = this.#judge(socket);
      if (why === null) return;
      refused(socket, why);
      this.#refused.set(socket, why);
      nodeTimers.after(tellWithinMs, () => socket.destroy());
    });
  }

  /** Why nothing that comes on this connection is served; null when it is. */
  whyOf(socket: object): string | null {
    return this.#refused.get(socket) ?? null;
  }

  /** Closes what is connected and refused by now, after what was said to it has left. */
  recheck(): void {
    for (const [socket, { identity, certificate }] of this.#open)
      if ((this.#options.whyRefused?.(identity, certificate, 'open') ?? null) !== null) this.#letGo(socket);
  }

  /** Closes what is connected with a certificate of an authority that is believed no more. */
  believe(authorityPems: readonly string[]): void {
    this.#authorities = authorityPems.map((pem) => new X509Certificate(pem));
    const believed = new Set(this.#authorities.map(({ fingerprint256 }) => fingerprint256));
    for (const [socket, { authority }] of this.#open)
      if (authority === null || !believed.has(authority)) this.#letGo(socket);
  }

  #letGo(socket: TLSSocket): void {
    socket.destroySoon();
    // A peer that reads nothing would keep what was said to it in our hands.
    nodeTimers.after(tellWithinMs, () => socket.destroy());
  }

  #judge(socket: TLSSocket): string | null {
    const verdict = identityOfSocket(socket, this.#options.pool);
    // Without an identity nobody is served as one. A stranger's certificate is not looked at: its key may be of any kind.
    const certificate = 'refused' in verdict ? null : peerCertificate(socket);
    if ('refused' in verdict || certificate === null) return null;
    const { identity } = verdict;
    const why = this.#options.whyRefused?.(identity, certificate, 'new') ?? null;
    if (why !== null) return why;
    this.#open.set(socket, { identity, certificate, authority: this.#authorityOf(socket) });
    socket.once('close', () => this.#open.delete(socket));
    return null;
  }

  /** TLS has verified the signature; which of ours made it is told by the names and key IDs in the two. */
  #authorityOf(socket: TLSSocket): string | null {
    const certificate = socket.getPeerX509Certificate();
    const issuer = this.#authorities.find((authority) => certificate?.checkIssued(authority));
    return issuer?.fingerprint256 ?? null;
  }
}
