import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { CodedError } from '../errors.ts'
import { generatePassword } from '../identity/users/password/generate-password.ts'
import { createPasswordHasher } from '../identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../identity/users/sql-user-store.ts'
import { defaultTenant } from '../identity/users/user.ts'
import { createDemo, type Demo } from '../pki/authority/demo-authority.ts'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../pki/keystore/change.ts'
import type { KeyStore } from '../pki/keystore/keystore.ts'
import { encodeKeyStore } from '../pki/keystore/save.ts'
import { writePem } from '../pki/x509/pem.ts'
import { openStorage } from '../storage/open-storage.ts'

export interface DemoHome {
  readonly folder: string
  readonly configuration: string
  /** the administrator's password, when this call made the home */
  readonly adminPassword: string | undefined
}

/** The demo stores guard nothing that is not in the same folder, so their password is no secret (and WSO2's users know it by heart). */
const storePassword = 'changeit'

/**
 * The home of `countersign dev`: a demo authority, key stores, one client (alice), an administrator and a configuration. A home that is
 * there is used as it is; one that was left half made is an error. Throws ERR_HOME_INCOMPLETE.
 */
export async function openDemoHome(folder: string, { clock, port }: { clock: Clock; port: number }): Promise<DemoHome> {
  const configuration = join(folder, 'countersign.yaml')
  if (existsSync(configuration)) return { folder, configuration, adminPassword: undefined }
  if (existsSync(folder)) {
    throw new CodedError('ERR_HOME_INCOMPLETE', `${folder} exists and holds no countersign.yaml`, {
      remedy: 'Choose another folder with --dir, or move this one away.',
    })
  }
  // Made beside it and renamed at the end: there is a whole home, or none.
  const building = `${folder}.${process.pid}.new`
  try {
    const adminPassword = await build(building, { clock, port })
    renameSync(building, folder)
    return { folder, configuration, adminPassword }
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
}

async function build(home: string, { clock, port }: { clock: Clock; port: number }): Promise<string> {
  const security = join(home, 'security')
  mkdirSync(join(security, 'clients'), { recursive: true, mode: 0o700 })
  const demo = await createDemo(join(security, 'authority'), { now: clock.now() })
  writeStores(security, demo, clock.now())
  const adminPassword = generatePassword()
  writePrivate(join(home, 'admin-password'), `${adminPassword}\n`)
  await addUsers(join(home, 'data', 'countersign.db'), adminPassword, clock)
  writeFileSync(join(home, 'countersign.yaml'), configurationText(port, demo.client.certificate.thumbprint))
  return adminPassword
}

function writeStores(security: string, { authority, server, client }: Demo, created: number): void {
  const root = authority.certificate
  const identity = (alias: string, { certificate, privateKey }: Demo['server']) =>
    setPrivateKey(emptyKeyStore('PKCS12'), alias, { key: privateKey, chain: [certificate, root] }, { created })
  const trust = setTrustedCertificate(emptyKeyStore('PKCS12'), 'demo-ca', root, { created })
  writeFileSync(join(security, 'ca.crt'), writePem('CERTIFICATE', root.raw))
  writeStore(join(security, 'server.p12'), identity('server', server))
  writeStore(join(security, 'client-truststore.p12'), trust)
  const alice = join(security, 'clients', 'alice')
  writeStore(`${alice}.p12`, identity('alice', client))
  writeFileSync(`${alice}.crt`, writePem('CERTIFICATE', client.certificate.raw))
  writePrivate(`${alice}.key`, client.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
}

function writeStore(file: string, store: KeyStore): void {
  writePrivate(file, encodeKeyStore(store, { password: storePassword }))
}

function writePrivate(file: string, data: string | Buffer): void {
  writeFileSync(file, data, { mode: 0o600 })
  chmodSync(file, 0o600)
}

async function addUsers(file: string, adminPassword: string, clock: Clock): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const storage = await openStorage({ kind: 'sqlite', file })
  try {
    const users = createSqlUserStore({ storage, hasher: createPasswordHasher(), clock })
    await users.add({ tenant: defaultTenant, name: 'admin', roles: ['admin'], password: adminPassword })
    await users.add({ tenant: defaultTenant, name: 'alice', roles: ['user'] })
  } finally {
    await storage.close()
  }
}

const configurationText = (port: number, thumbprint: string): string => `\
# Countersign, as \`countersign dev\` made it for trying things out on this machine.
# Every key: docs/configuration.md. Check a change with: countersign check-config --config THIS_FILE
# A running server takes most changes over on SIGHUP; a change with a mistake in it changes nothing, and the log says why.

listeners:
  - name: main
    address: 127.0.0.1
    port: ${port}
    clientAuth: want          # none | want (ask, and go on without) | need (no certificate, no connection)
    onUntrusted: explain      # explain: answer 401 with the reason | refuse: end the connection
    keyStore: { file: security/server.p12, password: ${storePassword}, alias: server }
    trustStore:
      - { file: security/client-truststore.p12, password: ${storePassword} }

management: { address: 127.0.0.1, port: 9990 }   # /healthz /readyz /metrics, in plain HTTP

authenticators:
  mutual-tls:
    enabled: true
    priority: 5
    usernameHeader: { name: UserName, encoding: base64 }
    allowList: { enabled: false, thumbprints: [] }
    bindings:
      # This one certificate may act as alice.
      - { thumbprint: ${thumbprint}, users: [alice] }
      # Any other certificate of the demo authority acts as the user that its common name says, if there is one.
      - { anchor: demo-ca, user: { from: subject.CN } }
  basic:
    enabled: true             # a password, where there is no certificate: curl -u admin:PASSWORD
    priority: 10

users: { store: sqlite, file: data/countersign.db }

# A protected resource: requests that pass go on to it, with X-Forwarded-User and a signed assertion.
# routes:
#   - { path: /orders/*, upstream: http://127.0.0.1:8080, require: [mutual-tls], allow: { roles: [user] } }

audit: { file: data/audit.jsonl }
`
