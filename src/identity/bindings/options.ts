import { z } from 'zod'
import { alternativeKinds } from './certificate-values.ts'

const text = z.string().min(1).max(4096)
const userName = z.string().min(1).max(255)

const mappingOptions = z
  .strictObject({
    from: text.describe(
      'The value of the certificate that names the user: subject.CN or another attribute, san.email, san.dns, san.uri or san.upn.',
    ),
    match: text
      .optional()
      .describe(
        'Regular expression for the whole value, with ^ and $ around every alternative. Back references and look-around are not available.',
      ),
    replace: text
      .optional()
      .describe(
        'The user name, with $1 to $9 for the groups of match and $& for the whole value. Default: the whole value.',
      ),
  })
  .describe(
    'Takes the user name from the certificate. A value that stands there twice, or holds control characters, lets nobody in.',
  )

const sanOptions = z
  .strictObject(
    Object.fromEntries(
      alternativeKinds.map(kind => [kind, text.optional().describe(`The ${sanNouns(kind)}, exactly.`)]),
    ) as Record<(typeof alternativeKinds)[number], z.ZodOptional<z.ZodString>>,
  )
  .refine(san => Object.values(san).filter(value => value !== undefined).length === 1, {
    error: 'name exactly one of email, dns, uri, upn',
  })

/** One entry of `bindings`: which certificate it is about (thumbprint, subject, san or anchor), and which users it may act as. */
export const bindingOptions = z
  .strictObject({
    thumbprint: text
      .optional()
      .describe('SHA-256 thumbprint of the one certificate that is meant, in hex, colons or not.'),
    insecureSha1Thumbprint: text
      .optional()
      .describe('The same by SHA-1, as white lists of WSO2 products have it. Replace it by the SHA-256 thumbprint.'),
    subject: text
      .optional()
      .describe(
        'The whole subject, as in RFC 4514 (CN=alice,O=Example,C=DE). It is compared attribute by attribute, exactly.',
      ),
    san: sanOptions.optional().describe('One subject alternative name.'),
    anchor: text
      .optional()
      .describe('Alias of the trust store entry that vouches for the certificate: alone, or as a further condition.'),
    users: z
      .array(userName)
      .min(1)
      .max(1000)
      .optional()
      .describe(
        'The users that the certificate may act as, the first by default. ["*"] is any existing user, and none by default.',
      ),
    user: mappingOptions.optional(),
    tenant: z.string().min(1).max(255).default('default').describe('The tenant of the users.'),
    insecureAnyUser: z
      .boolean()
      .default(false)
      .describe('Allows users: ["*"] without a thumbprint: whoever the authority certifies may be anyone.'),
  })
  .check(({ value, issues }) => {
    const complain = (path: string[], message: string) => issues.push({ code: 'custom', path, message, input: value })
    const selectors = (['thumbprint', 'insecureSha1Thumbprint', 'subject', 'san'] as const).filter(
      key => value[key] !== undefined,
    )
    if (selectors.length > 1) complain([selectors[1]!], `name either ${selectors.join(' or ')}, not both`)
    if (selectors.length === 0 && value.anchor === undefined) complain([], 'name a thumbprint, subject, san or anchor')
    if ((value.users === undefined) === (value.user === undefined)) complain(['users'], 'name either users or user')
    if (value.users?.includes('*')) {
      if (value.users.length > 1) complain(['users'], '"*" stands alone: any existing user')
      if ((value.thumbprint ?? value.insecureSha1Thumbprint) === undefined && !value.insecureAnyUser) {
        complain(
          ['users'],
          '"*" without a thumbprint lets everyone whom the authority certifies be anyone; set insecureAnyUser: true if that is meant',
        )
      }
    } else if (value.users !== undefined && new Set(value.users).size < value.users.length) {
      complain(['users'], 'a user stands there twice')
    }
  })

export const bindingsOptions = z
  .array(bindingOptions)
  .max(10_000)
  .default([])
  .describe(
    'Which certificates may act as which users. The most specific that match decide: thumbprint, then subject or san, then anchor.',
  )

export type BindingOptions = z.output<typeof bindingOptions>

function sanNouns(kind: (typeof alternativeKinds)[number]): string {
  return { email: 'e-mail address', dns: 'DNS name', uri: 'URI', upn: 'user principal name' }[kind]
}
