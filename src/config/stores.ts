import { z } from 'zod'
import { tenantName } from '../identity/users/names.ts'
import { secretOption } from './secret.ts'

const file = z.string().min(1)

/** The key store with a listener's own key. */
export const keyStoreOptions = z.strictObject({
  file: file.describe('Key store with the private key and certificate of the server: JKS, JCEKS, PKCS#12 or PEM.'),
  password: secretOption
    .optional()
    .describe('Password of the key store: `env:NAME`, `file:PATH` or the password itself.'),
  keyPassword: secretOption.optional().describe('Password of the key, where it differs from that of the store.'),
  alias: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Alias of the private key. Without it every private key of the store is used, chosen by the name that the client asks for (SNI), the first one by default.',
    ),
})

/** A store of trusted certificates. */
export const trustStoreOptions = z.strictObject({
  file: file.describe('Trust store: its trusted-certificate entries are the anchors, and nothing else is.'),
  password: secretOption.optional().describe('Password of the trust store.'),
  aliases: z
    .array(z.string().min(1))
    .max(10_000)
    .optional()
    .describe(
      'The only entries that count, by alias; an empty list is nobody, for now. Default: every trusted-certificate entry.',
    ),
})

/** One of a listener: whom its clients may become. */
export const clientTrustStoreOptions = trustStoreOptions.extend({
  tenant: z
    .string()
    .regex(tenantName, 'must be made of a to z, 0 to 9, dots and hyphens')
    .optional()
    .describe(
      'The only tenant whose users its entries vouch for. Default: users of any tenant, as the bindings say. An authority of two tenants is named for each.',
    ),
})

export type KeyStoreOptions = z.output<typeof keyStoreOptions>
export type TrustStoreOptions = z.output<typeof trustStoreOptions>
export type ClientTrustStoreOptions = z.output<typeof clientTrustStoreOptions>
