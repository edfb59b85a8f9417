/** Every kind of record there is; docs/audit.md is held to this list by a test. */
export const auditKinds = [
  'server-started',
  'server-stopped',
  'worker-ended',
  'access-granted',
  'access-refused',
  'connection-refused',
  'connection-ended',
  'password-throttled',
  'repeated',
  'user-changed',
  'role-changed',
  'tenant-changed',
  'binding-changed',
  'certificate-lock-changed',
  'trust-changed',
  'reload-succeeded',
  'reload-failed',
  // what the file says of itself
  'log-started',
  'log-continued',
  'files-removed',
  'line-repaired',
  'records-lost',
  'records-missing',
] as const

export type AuditKind = (typeof auditKinds)[number]
