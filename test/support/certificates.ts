// The one maker of certificates for all tests. Valid for real handshakes today, nothing checked in, nothing that expires in a drawer.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { content, DerReader, integer } from '../../src/pki/asn1/der.ts'
import { buildCertificate, randomSerialNumber } from '../../src/pki/x509/build-certificate.ts'
import { buildCrl, type CrlSource, type RevokedSource } from '../../src/pki/x509/build-crl.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type ExtendedKeyUsage,
  extKeyUsage,
  keyIdentifier,
  keyUsage,
  nameConstraints,
  subjectAltName,
  subjectKeyIdentifier,
} from '../../src/pki/x509/build-extensions.ts'
import type { GeneralNameSource } from '../../src/pki/x509/build-general-name.ts'
import type { NameSource } from '../../src/pki/x509/build-name.ts'
import { type Certificate, type Extension, parseCertificate } from '../../src/pki/x509/certificate.ts'
import type { KeyUsage } from '../../src/pki/x509/extensions.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import type { Digest } from '../../src/pki/x509/sign.ts'
import { thumbprint } from '../../src/pki/x509/thumbprint.ts'

export const day = 86_400_000

/** Midnight UTC of the day on which the tests run: what certificates count their validity from, and a good start for a fixedClock. */
export const baseTime = Math.floor(Date.now() / day) * day

export type KeyType =
  | 'p-256'
  | 'p-384'
  | 'p-521'
  | 'rsa-1024'
  | 'rsa-2048'
  | 'rsa-3072'
  | 'rsa-4096'
  | 'rsa-pss-2048'
  | 'ed25519'
  | 'ed448'
  | 'ml-dsa-44'
  | 'ml-dsa-65'
  | 'ml-dsa-87'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A new pair of keys. For RSA, which is slow to make, there is one pair per type and `slot` in each process. */
export function testKey(keyType: KeyType = 'p-256', slot = 'any'): KeyPair {
  if (!keyType.startsWith('rsa')) return generate(keyType)
  const name = `${keyType} ${slot}`
  const pair = rsaPairs.get(name) ?? generate(keyType)
  rsaPairs.set(name, pair)
  return pair
}

const rsaPairs = new Map<string, KeyPair>()

function generate(keyType: KeyType): KeyPair {
  const [kind, size] = /^(?:rsa(?:-pss)?|p)-(\d+)$/.exec(keyType) ?? []
  if (kind === undefined) return generateKeyPairSync(keyType as 'ed25519')
  if (keyType.startsWith('p-')) return generateKeyPairSync('ec', { namedCurve: `P-${size}` })
  const modulusLength = Number(size)
  return keyType.startsWith('rsa-pss')
    ? generateKeyPairSync('rsa-pss', { modulusLength })
    : generateKeyPairSync('rsa', { modulusLength })
}

export interface IssueOptions {
  /** RFC 4514 text or a list (`NameSource`); default CN=client */
  readonly subject?: NameSource
  readonly san?: readonly GeneralNameSource[]
  readonly sanCritical?: boolean
  /** milliseconds or ISO text; default yesterday */
  readonly notBefore?: number | string
  /** milliseconds or ISO text; default in 30 days, for an authority in 10 years */
  readonly notAfter?: number | string
  readonly serialNumber?: number | bigint | Uint8Array
  /** default p-256 */
  readonly keyType?: KeyType
  /** use this key instead of a new one */
  readonly key?: KeyPair
  /** default digitalSignature; null leaves the extension out */
  readonly keyUsage?: readonly KeyUsage[] | null
  /** default clientAuth; null leaves the extension out */
  readonly extKeyUsage?: readonly ExtendedKeyUsage[] | null
  /** further extensions, after the others; one with the object identifier of another takes its place */
  readonly extensions?: readonly Extension[]
  /** digest of the issuer's signature */
  readonly digest?: Digest
  readonly padding?: 'pkcs1' | 'pss'
}

export interface AuthorityOptions extends Omit<IssueOptions, 'subject'> {
  /** the text of the CN, or a whole name; default "Test CA" */
  readonly name?: NameSource
  readonly pathLength?: number
  readonly nameConstraints?: Parameters<typeof nameConstraints>[0]
}

/** A certificate with its key. */
export interface Issued {
  readonly der: Buffer
  readonly pem: string
  /** `der` as parsed at first use */
  readonly certificate: Certificate
  /** SHA-256 of the DER, lower-case hex */
  readonly thumbprint: string
  /** content of the INTEGER, lower-case hex */
  readonly serialNumber: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** PKCS#8 PEM */
  readonly keyPem: string
  /** DER, this one first, then the intermediates; the root is not among them */
  readonly chain: readonly Buffer[]
  /** `chain` as PEM */
  readonly chainPem: string
}

export interface TestAuthority extends Issued {
  /** an end entity: by default a client called CN=client */
  issue(options?: IssueOptions): Issued
  /** a server certificate for localhost, 127.0.0.1 and ::1 */
  issueServer(options?: IssueOptions): Issued
  /** an authority below this one */
  intermediate(options?: AuthorityOptions): TestAuthority
  /** DER of a CRL over these certificates; valid from yesterday for 30 days */
  crl(revoked?: readonly (Issued | RevokedSource)[], options?: Partial<Omit<CrlSource, 'revoked'>>): Buffer
}

/** A root authority of its own. */
export function testAuthority(options: AuthorityOptions = {}): TestAuthority {
  return makeAuthority(options, undefined)
}

/** A certificate that is signed by its own key: what `keytool -genkeypair` makes, and what is imported as a pinned leaf. */
export function selfSigned(options: IssueOptions = {}): Issued {
  return makeCertificate(options, endEntityExtensions(options), undefined)
}

interface Issuer {
  readonly name: NameSource
  readonly privateKey: KeyObject
  readonly keyId: Buffer
  readonly chain: readonly Buffer[]
}

function makeAuthority(options: AuthorityOptions, parent: Issuer | undefined): TestAuthority {
  const { name = 'Test CA', pathLength } = options
  const subject = typeof name === 'string' && !name.includes('=') ? [{ type: 'CN', value: name }] : name
  const depth = parent === undefined ? 0 : parent.chain.length + 1
  const key = options.key ?? testKey(options.keyType, `authority ${depth}`)
  const extensions = [
    basicConstraints({ ca: true, ...(pathLength === undefined ? {} : { pathLength }) }),
    ...(options.keyUsage === null ? [] : [keyUsage(options.keyUsage ?? ['keyCertSign', 'cRLSign'])]),
    ...(options.extKeyUsage ? [extKeyUsage(options.extKeyUsage)] : []),
    ...(options.nameConstraints ? [nameConstraints(options.nameConstraints)] : []),
  ]
  const issued = makeCertificate({ notAfter: baseTime + 3650 * day, ...options, subject, key }, extensions, parent)
  const self: Issuer = {
    name: subject,
    privateKey: key.privateKey,
    keyId: keyIdentifier(key.publicKey),
    chain: parent === undefined ? [] : issued.chain,
  }
  const issue = (wanted: IssueOptions = {}) => makeCertificate(wanted, endEntityExtensions(wanted), self)
  return Object.assign(issued, {
    issue,
    issueServer: (wanted?: IssueOptions) =>
      issue({
        subject: 'CN=localhost',
        san: localhost,
        extKeyUsage: ['serverAuth'],
        key: wanted?.key ?? testKey(wanted?.keyType, 'server'),
        ...wanted,
      }),
    intermediate: (wanted?: AuthorityOptions) => makeAuthority({ name: 'Test Intermediate CA', ...wanted }, self),
    crl: (revoked: readonly (Issued | RevokedSource)[] = [], wanted: Partial<Omit<CrlSource, 'revoked'>> = {}) =>
      buildCrl({
        issuer: self.name,
        signingKey: self.privateKey,
        authorityKeyId: self.keyId,
        number: 1,
        thisUpdate: baseTime - day,
        nextUpdate: baseTime + 30 * day,
        ...wanted,
        revoked: revoked.map(entry =>
          'revokedAt' in entry ? entry : { serialNumber: entry.serialNumber, revokedAt: baseTime - day },
        ),
      }),
  } satisfies Pick<TestAuthority, 'issue' | 'issueServer' | 'intermediate' | 'crl'>)
}

const localhost: readonly GeneralNameSource[] = [{ dns: 'localhost' }, { ip: '127.0.0.1' }, { ip: '::1' }]

function endEntityExtensions(options: IssueOptions): Extension[] {
  return [
    basicConstraints({ ca: false }),
    ...(options.keyUsage === null ? [] : [keyUsage(options.keyUsage ?? ['digitalSignature'])]),
    ...(options.extKeyUsage === null ? [] : [extKeyUsage(options.extKeyUsage ?? ['clientAuth'])]),
  ]
}

function makeCertificate(options: IssueOptions, own: readonly Extension[], issuer: Issuer | undefined): Issued {
  const { privateKey, publicKey } = options.key ?? testKey(options.keyType, issuer ? 'end entity' : 'self-signed')
  const keyId = keyIdentifier(publicKey)
  const subject = options.subject ?? 'CN=client'
  const usual = [
    ...own,
    ...(options.san ? [subjectAltName(options.san, options.sanCritical)] : []),
    subjectKeyIdentifier(keyId),
    authorityKeyIdentifier(issuer?.keyId ?? keyId),
  ]
  const extra = options.extensions ?? []
  const serial = options.serialNumber ?? randomSerialNumber()
  const der = buildCertificate({
    subject,
    issuer: issuer?.name ?? subject,
    publicKey,
    signingKey: issuer?.privateKey ?? privateKey,
    serialNumber: serial,
    notBefore: millis(options.notBefore ?? baseTime - day),
    notAfter: millis(options.notAfter ?? baseTime + 30 * day),
    extensions: [...usual.filter(({ oid }) => !extra.some(other => other.oid === oid)), ...extra],
    ...(options.digest ? { digest: options.digest } : {}),
    ...(options.padding ? { padding: options.padding } : {}),
  })
  const chain = [der, ...(issuer?.chain ?? [])]
  let certificate: Certificate | undefined
  return {
    der,
    pem: writePem('CERTIFICATE', der),
    get certificate() {
      certificate ??= parseCertificate(der)
      return certificate
    },
    thumbprint: thumbprint(der),
    serialNumber: Buffer.from(content(new DerReader(integer(serial)).element())).toString('hex'),
    privateKey,
    publicKey,
    get keyPem() {
      return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    },
    chain,
    chainPem: chain.map(one => writePem('CERTIFICATE', one)).join(''),
  }
}

const millis = (time: number | string) => (typeof time === 'number' ? time : Date.parse(time))
