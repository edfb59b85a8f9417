import { z } from 'zod'

const seconds = (least: number, most: number) => z.int().min(least).max(most)
const day = 86_400
const url = z.url({ protocol: /^https?$/ })

const rules = {
  mode: z
    .enum(['off', 'prefer', 'require'])
    .describe(
      'off: certificates are not asked about; prefer: asked about, and let in where no source answers; require: refused (`revocation_unknown`) where no source answers.',
    ),
  order: z
    .array(z.enum(['ocsp', 'crl']))
    .min(1)
    .max(2)
    .describe('Which is asked first. The next one is asked where the one before says nothing.'),
  depth: z
    .enum(['end-entity', 'chain'])
    .describe(
      'Which certificates are asked about: that of the client, or the authorities between it and the anchor too.',
    ),
  onUnknown: z
    .enum(['allow', 'refuse'])
    .describe('A responder answers that it does not know the certificate. Default: refuse with `require`, else allow.'),
  onStale: z
    .enum(['allow', 'refuse'])
    .describe(
      'All that is known is past its end and the grace: believe it still, or refuse. Default: refuse with `require`, else allow.',
    ),
  distributionPoints: z
    .enum(['use', 'ignore'])
    .describe(
      'Lists at addresses that certificates name: fetched once the path of the certificate is trusted, or never.',
    ),
  graceSeconds: seconds(0, 30 * day).describe('Seconds for which a list is believed after its nextUpdate.'),
  responders: z
    .enum(['use', 'ignore'])
    .describe('Responders that certificates name: asked once the path of the certificate is trusted, or never.'),
  responder: url.describe('Responder that is asked instead of those that certificates name.'),
  ocspGraceSeconds: seconds(0, 30 * day).describe('Seconds for which an answer is believed after its nextUpdate.'),
}

const anchorOverride = z
  .strictObject({
    mode: rules.mode.optional(),
    order: rules.order.optional(),
    depth: rules.depth.optional(),
    onUnknown: rules.onUnknown.optional(),
    onStale: rules.onStale.optional(),
    crl: z
      .strictObject({
        graceSeconds: rules.graceSeconds.optional(),
        distributionPoints: rules.distributionPoints.optional(),
      })
      .optional()
      .describe('Revocation lists below this anchor.'),
    ocsp: z
      .strictObject({
        graceSeconds: rules.ocspGraceSeconds.optional(),
        responders: rules.responders.optional(),
        url: rules.responder.optional(),
      })
      .optional()
      .describe('Responders for certificates below this anchor.'),
  })
  .describe('What is different below the trust anchor of that alias.')

export const revocationOptions = z
  .strictObject({
    mode: rules.mode.default('off'),
    order: rules.order.default(['ocsp', 'crl']),
    depth: rules.depth.default('chain'),
    onUnknown: rules.onUnknown.optional(),
    onStale: rules.onStale.optional(),
    waitSeconds: seconds(1, 60)
      .default(5)
      .describe('Seconds that a client waits for a source at most. A client whose state is known waits for nothing.'),
    folder: z
      .string()
      .min(1)
      .default('data/revocation')
      .describe(
        'Folder for the last good copy of each fetched list; made when it does not exist, readable by its owner only.',
      ),
    crl: z
      .strictObject({
        files: z
          .array(z.string().min(1))
          .max(1_000)
          .default([])
          .describe('Revocation lists, DER or PEM. Loaded again within a second when one changes.'),
        folders: z
          .array(z.string().min(1))
          .max(100)
          .default([])
          .describe('Folders whose files ending in .crl, .pem or .der are revocation lists.'),
        urls: z.array(url).max(1_000).default([]).describe('Addresses that lists are fetched from, from the start on.'),
        refreshSeconds: seconds(30, 30 * day)
          .default(3_600)
          .describe('Seconds after which a fetched list is asked for again, or sooner where it ends sooner.'),
        graceSeconds: rules.graceSeconds.default(0),
        distributionPoints: rules.distributionPoints.default('use'),
      })
      .prefault({})
      .describe('Certificate revocation lists (RFC 5280).'),
    ocsp: z
      .strictObject({
        graceSeconds: rules.ocspGraceSeconds.default(0),
        responders: rules.responders.default('use'),
        url: rules.responder.optional(),
        nonce: z
          .enum(['send', 'omit'])
          .default('omit')
          .describe(
            'Send a fresh number that the answer must repeat. Most responders answer from a store, and cannot.',
          ),
        cacheSize: z.int().min(1).max(1_000_000).default(10_000).describe('Answers that are kept at a time.'),
      })
      .prefault({})
      .describe('Online responders (RFC 6960).'),
    fetch: z
      .strictObject({
        timeoutSeconds: seconds(1, 300).default(10).describe('Seconds that one fetch may take, redirects included.'),
        maxListBytes: z.int().min(1_024).max(1_073_741_824).default(104_857_600).describe('Bytes of a fetched list.'),
        maxRemembered: z
          .int()
          .min(1)
          .max(10_000)
          .default(200)
          .describe('Addresses named by certificates that are remembered, with what they gave.'),
        allowedHosts: z
          .array(z.string().min(1))
          .max(1_000)
          .optional()
          .describe('The only hosts that certificates may send us to. Without it: any with a public address.'),
        insecureAllowPrivateAddresses: z
          .boolean()
          .default(false)
          .describe(
            'Fetch from private, loopback and link-local addresses too when a certificate names them. Addresses in this file may always be private.',
          ),
      })
      .prefault({})
      .describe('Bounds on what is fetched.'),
    anchors: z
      .record(z.string(), anchorOverride)
      .default({})
      .describe('Other rules for the certificates below some anchors, by their alias in the trust store.'),
  })
  .prefault({})
  .describe('Whether the authority that issued a certificate has taken it back. Without this section nobody is asked.')

export type RevocationOptions = z.output<typeof revocationOptions>
