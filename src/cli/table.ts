import type { Command } from './command.ts'

/** What the first word of a two-word command is about. */
export const nouns: Readonly<Record<string, string>> = {
  keystore: 'Key stores and trust stores: JKS, JCEKS (read), PKCS#12, PEM',
  trust: 'Trust anchors: who depends on them',
  cert: 'Certificates: what they say, and whether they are trusted',
  user: 'Users of the embedded or shared store',
  role: 'Roles: who has them, and what they may do',
  tenant: 'Tenants: users, roles and bindings that are kept apart',
  binding: 'Which certificate may act as which users',
  audit: 'The record of what was decided',
  authority: 'The built-in certificate authority',
}

export interface TableRow {
  readonly name: string
  /** of one-word commands, as in their modules: the overview is printed without loading the server and all that it needs */
  readonly summary?: string
  load(): Promise<{ readonly command: Command }>
}

/** Every command, in the order of the help. Loaded when called, so that one command does not pay for all. */
export const table: readonly TableRow[] = [
  {
    name: 'dev',
    summary: 'Makes a demo home on the first run, serves from it, and prints commands to paste',
    load: () => import('./commands/dev.ts'),
  },
  { name: 'serve', summary: 'Serves what a configuration says', load: () => import('./commands/serve.ts') },
  {
    name: 'check-config',
    summary: 'Checks a configuration and everything that it names, and listens to nothing',
    load: () => import('./commands/check-config.ts'),
  },
  {
    name: 'migrate',
    summary: 'Writes a countersign.yaml that decides like a WSO2 Carbon home',
    load: () => import('./commands/migrate.ts'),
  },
  { name: 'keystore list', load: () => import('./commands/keystore-list.ts') },
  { name: 'keystore export', load: () => import('./commands/keystore-export.ts') },
  { name: 'keystore import', load: () => import('./commands/keystore-import.ts') },
  { name: 'keystore generate', load: () => import('./commands/keystore-generate.ts') },
  { name: 'keystore request', load: () => import('./commands/keystore-request.ts') },
  { name: 'keystore delete', load: () => import('./commands/keystore-delete.ts') },
  { name: 'keystore convert', load: () => import('./commands/keystore-convert.ts') },
  { name: 'keystore password', load: () => import('./commands/keystore-password.ts') },
  {
    name: 'keytool',
    summary: "Does what the JDK's keytool does, with the same flags",
    load: () => import('./commands/keytool.ts'),
  },
  { name: 'cert show', load: () => import('./commands/cert-show.ts') },
  { name: 'cert verify', load: () => import('./commands/cert-verify.ts') },
  { name: 'trust impact', load: () => import('./commands/trust-impact.ts') },
  { name: 'cert explain', load: () => import('./commands/cert-explain.ts') },
  {
    name: 'doctor',
    summary: 'Says why a TLS handshake with a server fails, from what both sides show',
    load: () => import('./commands/doctor.ts'),
  },
  { name: 'cert lock', load: () => import('./commands/cert-lock.ts') },
  { name: 'cert unlock', load: () => import('./commands/cert-unlock.ts') },
  { name: 'cert locks', load: () => import('./commands/cert-locks.ts') },
  { name: 'user add', load: () => import('./commands/user-add.ts') },
  { name: 'user show', load: () => import('./commands/user-show.ts') },
  { name: 'user list', load: () => import('./commands/user-list.ts') },
  { name: 'user remove', load: () => import('./commands/user-remove.ts') },
  { name: 'user set', load: () => import('./commands/user-set.ts') },
  { name: 'user roles', load: () => import('./commands/user-roles.ts') },
  { name: 'user password', load: () => import('./commands/user-password.ts') },
  { name: 'user lock', load: () => import('./commands/user-lock.ts') },
  { name: 'user unlock', load: () => import('./commands/user-unlock.ts') },
  { name: 'role add', load: () => import('./commands/role-add.ts') },
  { name: 'role list', load: () => import('./commands/role-list.ts') },
  { name: 'role members', load: () => import('./commands/role-members.ts') },
  { name: 'role permit', load: () => import('./commands/role-permit.ts') },
  { name: 'role remove', load: () => import('./commands/role-remove.ts') },
  { name: 'tenant add', load: () => import('./commands/tenant-add.ts') },
  { name: 'tenant list', load: () => import('./commands/tenant-list.ts') },
  { name: 'tenant activate', load: () => import('./commands/tenant-activate.ts') },
  { name: 'tenant deactivate', load: () => import('./commands/tenant-deactivate.ts') },
  { name: 'tenant remove', load: () => import('./commands/tenant-remove.ts') },
  { name: 'binding add', load: () => import('./commands/binding-add.ts') },
  { name: 'binding list', load: () => import('./commands/binding-list.ts') },
  { name: 'binding remove', load: () => import('./commands/binding-remove.ts') },
  { name: 'audit list', load: () => import('./commands/audit-list.ts') },
  { name: 'audit verify', load: () => import('./commands/audit-verify.ts') },
  { name: 'authority init', load: () => import('./commands/authority-init.ts') },
  { name: 'authority issue', load: () => import('./commands/authority-issue.ts') },
  { name: 'authority list', load: () => import('./commands/authority-list.ts') },
  { name: 'authority renew', load: () => import('./commands/authority-renew.ts') },
  { name: 'authority revoke', load: () => import('./commands/authority-revoke.ts') },
  { name: 'authority crl', load: () => import('./commands/authority-crl.ts') },
]
