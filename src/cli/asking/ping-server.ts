import { z } from 'zod';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import { parseJson } from '../../model/parse-json.ts';
import type { HttpAnswer } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { certificateInfo, fingerprintOf, issuerOf } from '../../security/certificate-info.ts';
import type { Target } from './pool-client.ts';

export type Ping =
  | {
      readonly outcome: 'ok';
      /** Null where the caller may not see who answers. */
      readonly server: string | null;
      readonly version: string | null;
      readonly connectMs: number;
      readonly answerMs: number;
    }
  | { readonly outcome: 'tls error'; readonly lacking: 'this side' | 'the server'; readonly text: string }
  | { readonly outcome: 'unreachable'; readonly text: string };

const answerSchema = z.object({ server: z.object({ name: z.string(), version: z.string() }) });
const errorSchema = z.object({ error: z.object({ code: z.string(), text: z.string() }) });

/** One question that anybody may ask, which tells whether we believe the server, and one as us, which tells the reverse. */
export async function pingServer(
  { network, clock }: Pick<Runtime, 'network' | 'clock'>,
  url: string,
  { trust, credentials, token, timeoutMs }: Target,
): Promise<Ping> {
  const ask = (path: string): Promise<HttpAnswer> =>
    network.call({
      url: url + path,
      method: 'GET',
      timeoutMs,
      trust,
      ...(credentials && { credentials }),
      ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
    });
  const startedMs = clock.monotonicMs();
  try {
    await ask('/healthz');
    const connectedMs = clock.monotonicMs();
    const answer = await ask('/api/v1/pool');
    const times = {
      connectMs: Math.round(connectedMs - startedMs),
      answerMs: Math.round(clock.monotonicMs() - connectedMs),
    };
    return judge(answer, times, credentials?.certificatePem ?? null, trust);
  } catch (error) {
    if (codeOf(error) !== 'WK_UNAUTHENTICATED') return { outcome: 'unreachable', text: textOf(error) };
    return { outcome: 'tls error', lacking: 'this side', text: `${textOf(error)}; ${believed(trust)}` };
  }
}

function judge(
  { status, body }: HttpAnswer,
  times: { readonly connectMs: number; readonly answerMs: number },
  certificatePem: string | null,
  trust: Target['trust'],
): Ping {
  const parsed = answerSchema.safeParse(parseJson(body));
  if (status === 200 && parsed.success)
    return { outcome: 'ok', server: parsed.data.server.name, version: parsed.data.server.version, ...times };
  const failed = errorSchema.safeParse(parseJson(body));
  const said = failed.success ? failed.data.error.text : `HTTP ${status}`;
  const isRevoked = failed.success && failed.data.error.code === 'WK_REVOKED';
  // Known, and may not see the pool: for a ping that is well.
  if (status === 403 && !isRevoked) return { outcome: 'ok', server: null, version: null, ...times };
  if (status !== 401 && !isRevoked) throw new WatchError('WK_UNREACHABLE', `it answered: ${said}`);
  const ours = certificatePem === null ? 'the API token' : ourCertificate(certificatePem, trust);
  return { outcome: 'tls error', lacking: 'the server', text: `the server does not take ${ours}: ${said}` };
}

function ourCertificate(pem: string, trust: Target['trust']): string {
  const { notAfterMs } = certificateInfo(pem);
  const issuer = 'authorityPems' in trust ? issuerOf(pem, trust.authorityPems) : null;
  const by = issuer === null ? 'an authority not known here' : `the authority ${shortOf(issuer)}`;
  return `your certificate (signed by ${by}, valid until ${new Date(notAfterMs).toISOString()})`;
}

function believed(trust: Target['trust']): string {
  if (!('authorityPems' in trust)) return 'this side believes one authority';
  return `this side believes ${trust.authorityPems.map(shortOf).join(', ')}`;
}

function shortOf(pem: string): string {
  return fingerprintOf(pem).slice(0, 16);
}
