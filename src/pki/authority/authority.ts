import { createPrivateKey, type KeyObject } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { withKeyStoreLock } from '../keystore/lock.ts'
import { replaceFile } from '../keystore/replace-file.ts'
import { buildCertificate } from '../x509/build-certificate.ts'
import { basicConstraints, keyIdentifier, keyUsage, subjectKeyIdentifier } from '../x509/build-extensions.ts'
import type { NameSource } from '../x509/build-name.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { basicConstraints as readBasicConstraints } from '../x509/extensions.ts'
import { readPem, writePem } from '../x509/pem.ts'
import { sameKey } from '../x509/same-key.ts'
import { authorityError } from './authority-error.ts'
import { beginRegister } from './register.ts'

/**
 * The built-in certificate authority: a folder with `ca.crt`, `ca.key` (mode 0600), `register.json` (what was issued and revoked),
 * `issued/SERIAL.crt` and, once published, `ca.crl`.
 */
export interface Authority {
  readonly folder: string
  readonly certificate: Certificate
  readonly privateKey: KeyObject
}

export interface NewAuthority {
  readonly subject: NameSource
  readonly privateKey: KeyObject
  /** milliseconds since the epoch */
  readonly notBefore: number
  readonly notAfter: number
  /** encrypts the key file */
  readonly password?: string | undefined
}

/** Makes an authority in a folder that has none. Throws ERR_AUTHORITY_EXISTS, ERR_KEYSTORE_UNWRITABLE. */
export async function createAuthority(folder: string, source: NewAuthority): Promise<Authority> {
  const { subject, privateKey, notBefore, notAfter, password } = source
  const der = buildCertificate({
    subject,
    publicKey: privateKey,
    signingKey: privateKey,
    notBefore,
    notAfter,
    extensions: [
      // no authority below this one: what it signs are end entities
      basicConstraints({ ca: true, pathLength: 0 }),
      keyUsage(['keyCertSign', 'cRLSign']),
      subjectKeyIdentifier(keyIdentifier(privateKey)),
    ],
  })
  const keyFile = join(folder, 'ca.key')
  const certificateFile = join(folder, 'ca.crt')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await withKeyStoreLock(keyFile, async () => {
    if ((await isThere(keyFile)) || (await isThere(certificateFile))) {
      throw authorityError('ERR_AUTHORITY_EXISTS', `${folder} holds an authority already`)
    }
    await replaceFile(keyFile, Buffer.from(encodeKey(privateKey, password)))
    await beginRegister(folder)
    await replaceFile(certificateFile, Buffer.from(writePem('CERTIFICATE', der)))
  })
  return { folder, certificate: parseCertificate(der), privateKey }
}

function encodeKey(key: KeyObject, password: string | undefined): string {
  const encryption = password === undefined ? {} : { cipher: 'aes-256-cbc', passphrase: password }
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }) as string
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}

/** Opens the authority of a folder. Throws ERR_AUTHORITY_MISSING, _MALFORMED, _KEY_EXPOSED, _WRONG_PASSWORD. */
export async function openAuthority(
  folder: string,
  { password }: { password?: string | undefined } = {},
): Promise<Authority> {
  const certificate = readCertificate(await read(folder, 'ca.crt'), folder)
  const keyFile = await read(folder, 'ca.key')
  await checkMode(join(folder, 'ca.key'))
  const privateKey = readKey(keyFile, folder, password)
  if (!sameKey(privateKey, certificate.publicKey())) {
    throw authorityError('ERR_AUTHORITY_MALFORMED', `ca.key in ${folder} is not the key of ca.crt`)
  }
  if (readBasicConstraints(certificate)?.ca !== true) {
    throw authorityError('ERR_AUTHORITY_MALFORMED', `ca.crt in ${folder} is not the certificate of an authority`)
  }
  return { folder, certificate, privateKey }
}

async function read(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const missing = code === 'ENOENT' || code === 'ENOTDIR'
    throw missing
      ? authorityError('ERR_AUTHORITY_MISSING', `there is no authority in ${folder}: it has no ${name}`, cause)
      : authorityError('ERR_AUTHORITY_MALFORMED', `cannot read ${name} in ${folder}: ${message}`, cause)
  }
}

/** As ssh does: a key that others could read is not used in silence. */
async function checkMode(file: string): Promise<void> {
  const { mode } = await stat(file)
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const octal = (mode & 0o777).toString(8).padStart(4, '0')
  throw authorityError(
    'ERR_AUTHORITY_KEY_EXPOSED',
    `the key of the authority, ${file}, has mode ${octal}: others may read it`,
  )
}

function readCertificate(text: string, folder: string): Certificate {
  try {
    const [block] = readPem(text)
    if (block === undefined) throw new Error('it holds no PEM block')
    return parseCertificate(block.der)
  } catch (cause) {
    throw authorityError('ERR_AUTHORITY_MALFORMED', `ca.crt in ${folder} is no certificate`, cause)
  }
}

function readKey(text: string, folder: string, passphrase: string | undefined): KeyObject {
  const encrypted = text.includes('ENCRYPTED')
  if (encrypted && passphrase === undefined) {
    throw authorityError('ERR_AUTHORITY_WRONG_PASSWORD', `the key of the authority in ${folder} is encrypted`)
  }
  try {
    return createPrivateKey({ key: text, ...(encrypted ? { passphrase } : {}) })
  } catch (cause) {
    throw encrypted
      ? authorityError(
          'ERR_AUTHORITY_WRONG_PASSWORD',
          `the password does not open the key of the authority in ${folder}`,
          cause,
        )
      : authorityError('ERR_AUTHORITY_MALFORMED', `ca.key in ${folder} is no private key`, cause)
  }
}
