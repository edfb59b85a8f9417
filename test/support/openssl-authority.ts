// A real authority: `openssl ca` with its database, `openssl ocsp` as the responder's brain.
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCertificate } from '../../src/pki/x509/certificate.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import type { Issued } from './certificates.ts'
import { run } from './run.ts'
import { scratchFolder } from './scratch.ts'

export interface OpensslAuthority {
  readonly root: Issued
  /** a client; `extensions` as OpenSSL writes them (`crlDistributionPoints = URI:…`) */
  issue(name: string, extensions?: readonly string[]): Promise<Issued>
  revoke(issued: Issued): Promise<void>
  /** DER */
  crl(): Promise<Buffer>
  /** what `openssl ocsp` answers to a request, DER */
  answer(request: Buffer): Promise<Buffer>
}

export async function opensslAuthority(): Promise<OpensslAuthority> {
  const folder = scratchFolder()
  const at = (name: string) => join(folder, name)
  const openssl = async (...args: string[]) => {
    const { code, stderr } = await run('openssl', args, { cwd: folder })
    if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
  }
  mkdirSync(at('new'))
  writeFileSync(at('index.txt'), '')
  writeFileSync(at('index.txt.attr'), 'unique_subject = no\n')
  writeFileSync(at('serial'), '1000\n')
  writeFileSync(at('crlnumber'), '01\n')
  writeFileSync(at('ca.conf'), configuration)
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl(
    'req',
    '-x509',
    '-config',
    'ca.conf',
    ...ec,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '30',
    '-subj',
    '/CN=OpenSSL CA',
    '-extensions',
    'root',
  )
  const root = issued(readFileSync(at('ca.crt'), 'utf8'), readFileSync(at('ca.key'), 'utf8'))
  const sign = async (name: string, section: string): Promise<Issued> => {
    await openssl(
      'req',
      '-new',
      '-config',
      'ca.conf',
      ...ec,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    )
    await openssl(
      'ca',
      '-batch',
      '-config',
      'ca.conf',
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.crt`,
      '-extfile',
      section,
      '-notext',
    )
    return issued(readFileSync(at(`${name}.crt`), 'utf8'), readFileSync(at(`${name}.key`), 'utf8'))
  }
  writeFileSync(at('responder.ext'), 'basicConstraints = CA:false\nextendedKeyUsage = OCSPSigning\n')
  await sign('responder', 'responder.ext')
  let requests = 0
  return {
    root,
    async issue(name, extensions = []) {
      const lines = ['basicConstraints = CA:false', 'keyUsage = digitalSignature', 'extendedKeyUsage = clientAuth']
      writeFileSync(at(`${name}.ext`), [...lines, 'authorityKeyIdentifier = keyid', ...extensions, ''].join('\n'))
      return sign(name, `${name}.ext`)
    },
    async revoke({ pem }) {
      writeFileSync(at('revoked.crt'), pem)
      await openssl('ca', '-batch', '-config', 'ca.conf', '-revoke', 'revoked.crt', '-crl_reason', 'keyCompromise')
    },
    async crl() {
      await openssl('ca', '-config', 'ca.conf', '-gencrl', '-out', 'ca.crl')
      await openssl('crl', '-in', 'ca.crl', '-outform', 'DER', '-out', 'ca.der')
      return readFileSync(at('ca.der'))
    },
    async answer(request) {
      const name = `request-${++requests}`
      writeFileSync(at(name), request)
      const signer = ['-rsigner', 'responder.crt', '-rkey', 'responder.key', '-CA', 'ca.crt']
      await openssl('ocsp', '-index', 'index.txt', ...signer, '-reqin', name, '-respout', `${name}.out`, '-ndays', '1')
      return readFileSync(at(`${name}.out`))
    },
  }
}

function issued(pem: string, keyPem: string): Issued {
  const der = new X509Certificate(pem).raw
  const certificate = parseCertificate(der)
  const privateKey = createPrivateKey(keyPem)
  const { thumbprint, serialNumber } = certificate
  const own = writePem('CERTIFICATE', der)
  return {
    der,
    pem: own,
    certificate,
    thumbprint,
    serialNumber,
    privateKey,
    publicKey: createPublicKey(privateKey),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    chain: [der],
    chainPem: own,
  }
}

const configuration = `
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = new
certificate = ca.crt
private_key = ca.key
default_md = sha256
default_days = 10
default_crl_days = 1
policy = any
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
`
