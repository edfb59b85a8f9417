import { CodedError } from '../errors.ts'
import { type BindingOptions, bindingOptions } from '../identity/bindings/options.ts'
import { nameText } from '../identity/users/names.ts'
import { defaultTenant } from '../identity/users/user.ts'

/** How a binding is written on the command line; the words are those of the configuration. */
export const bindingFlags = {
  certificate: { flags: '--certificate <FILE>', describe: 'the one certificate in this file (PEM or DER)' },
  thumbprint: { flags: '--thumbprint <HEX>', describe: 'the one certificate with this SHA-256 thumbprint' },
  subject: { flags: '--subject <NAME>', describe: 'the subject, as in RFC 4514: CN=alice,O=Example,C=DE' },
  email: { flags: '--email <ADDRESS>', describe: 'a subject alternative name' },
  dns: { flags: '--dns <NAME>', describe: 'a subject alternative name' },
  uri: { flags: '--uri <URI>', describe: 'a subject alternative name' },
  upn: { flags: '--upn <NAME>', describe: 'a user principal name among the subject alternative names' },
  anchor: {
    flags: '--anchor <ALIAS>',
    describe: 'the trust store entry that vouches for the certificate: alone, or beside a name',
  },
  user: { flags: '--user <USER>', describe: 'a user; may be given several times, the default first', repeat: true },
  anyUser: { flags: '--any-user', describe: 'any existing user, whom each request has to name' },
  insecureAnyUser: {
    flags: '--insecure-any-user',
    describe: 'the same, for every certificate that a name or an anchor covers',
  },
  from: { flags: '--from <VALUE>', describe: 'take the user from the certificate: subject.CN, san.email, …' },
  match: { flags: '--match <PATTERN>', describe: 'regular expression for the whole value, ^…$' },
  replace: { flags: '--replace <TEXT>', describe: 'the user, with $1 to $9 for the groups of --match' },
  tenant: { flags: '--tenant <TENANT>', describe: 'the tenant of the users', default: defaultTenant },
} as const

type Values = {
  readonly [K in keyof typeof bindingFlags]: K extends 'user'
    ? readonly string[]
    : K extends 'anyUser' | 'insecureAnyUser'
      ? boolean
      : K extends 'tenant'
        ? string
        : string | undefined
}

/** Throws ERR_CLI_USAGE for what makes no binding. */
export function bindingFrom(values: Values, thumbprintOf: (file: string) => string): BindingOptions {
  const { certificate, email, dns, uri, upn, anyUser, insecureAnyUser, from, match, replace } = values
  if (certificate !== undefined && values.thumbprint !== undefined) {
    throw usage('--certificate and --thumbprint cannot be given together')
  }
  if (from === undefined && (match !== undefined || replace !== undefined)) {
    throw usage('--match and --replace need --from')
  }
  const san = { email, dns, uri, upn }
  const anyone = anyUser || insecureAnyUser
  const users = [...values.user.map(nameText), ...(anyone ? ['*'] : [])]
  const read = bindingOptions.safeParse({
    thumbprint: certificate === undefined ? values.thumbprint : thumbprintOf(certificate),
    subject: values.subject,
    san: Object.values(san).some(name => name !== undefined) ? san : undefined,
    anchor: values.anchor,
    users: users.length > 0 ? users : undefined,
    user: from === undefined ? undefined : { from, match, replace },
    tenant: values.tenant,
    insecureAnyUser,
  })
  if (read.success) return read.data
  throw usage(read.error.issues.map(({ message }) => message).join('; '))
}

function usage(problem: string): CodedError {
  return new CodedError('ERR_CLI_USAGE', problem, { remedy: 'Run `countersign binding add --help`.' })
}
