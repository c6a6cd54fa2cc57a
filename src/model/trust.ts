import { z } from 'zod';
import { identityKinds } from './identity.ts';

/** What the coordinator knows of certificates, and what is asked and answered about them; keys are in definitions.ts. */

const ms = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
const pem = z.string().max(8_192);

/** The certificate that an identity has now. Not strict: a later version may note more. */
export const certificateRecordSchema = z.object({
  coreId: z.uuid(),
  kind: z.enum(identityKinds),
  name: z.string().max(256),
  /** SHA-256 of its public key (SPKI, DER). */
  keySha256: sha256,
  /** Lower-case hex, as X.509 tools print it. */
  serial: z.string().max(64),
  /** SHA-256 of the certificate of the authority that signed it. */
  authority: sha256,
  issuedMs: ms,
  notAfterMs: ms,
  renewals: ms,
  /** The key before this one, and until when it may still be used to connect. */
  previous: z.object({ keySha256: sha256, untilMs: ms }).nullable(),
});
export type CertificateRecord = Readonly<z.infer<typeof certificateRecordSchema>>;

/** An identity that counts nowhere any more. */
export const revocationSchema = z.object({
  coreId: z.uuid(),
  kind: z.enum(identityKinds),
  name: z.string().max(256),
  atMs: ms,
  by: z.string().max(256),
  because: z.string().max(1_024),
  /** By then every certificate that it ever had can be renewed no more, and this may be forgotten. */
  forgetMs: ms,
});
export type Revocation = Readonly<z.infer<typeof revocationSchema>>;

/**
 * A new certificate for an identity that has one, which may have expired: over TLS that proves the server only. Both
 * proofs are signatures (base64) over certificate and new key (security/proof.ts).
 */
export const renewRequestSchema = z.strictObject({
  certificatePem: pem,
  publicKeyPem: z.string().max(4_096),
  /** By the key of the certificate. */
  proof: z.string().max(1_024),
  /** By the new key. */
  newProof: z.string().max(1_024),
});
export type RenewRequest = z.infer<typeof renewRequestSchema>;

export const renewAnswerSchema = z.object({
  certificatePem: pem,
  /** Whom to believe from now on. */
  authorityPems: z.array(pem).min(1).max(32),
});
export type RenewAnswer = z.infer<typeof renewAnswerSchema>;

/** What is asked of who joins, beside a token. */
export const enrolmentSettingsSchema = z.object({
  /** `required`: a person has to approve each of them (`enrol approve`). */
  approval: z.enum(['none', 'required']),
});
export type EnrolmentSettings = Readonly<z.infer<typeof enrolmentSettingsSchema>>;

/** Somebody with a good token who waits for a person. */
export const enrolRequestSchema = z.object({
  coreId: z.uuid(),
  kind: z.enum(identityKinds),
  name: z.string().max(256),
  /** SHA-256 of the key that is to be certified: what was approved is this one and no other. */
  keySha256: sha256,
  /** Where it came from. */
  address: z.string().max(64),
  askedMs: ms,
  state: z.enum(['waiting', 'approved', 'denied']),
  by: z.string().max(256).nullable(),
});
export type EnrolRequest = Readonly<z.infer<typeof enrolRequestSchema>>;

/** An authority that is believed: our own for everybody of this pool, another pool's for nobody but that pool. */
export const trustedAuthoritySchema = z.object({
  certificatePem: pem,
  /** The pool whose identities it may name. */
  pool: z.uuid(),
  name: z.string().max(256),
  addedMs: ms,
  by: z.string().max(256),
  /**
   * Our own, made by a rotation: its private key for the other servers, encrypted so that only who has the key of the
   * authority `sealedBy` can read it (security/seal.ts).
   */
  sealedKey: z.string().max(4_096).nullable(),
  sealedBy: sha256.nullable(),
});
export type TrustedAuthority = Readonly<z.infer<typeof trustedAuthoritySchema>>;

/** Written by the first change; before it the authority in the pool's definition is the only one. */
export const trustSchema = z.object({
  authorities: z.array(trustedAuthoritySchema).max(32),
  /** Fingerprints of the authorities that sign for servers, and for everybody else. */
  signsServers: sha256,
  signsOthers: sha256,
});
export type Trust = Readonly<z.infer<typeof trustSchema>>;
