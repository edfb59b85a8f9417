// Proxies that cannot be run here: what their own documentation, and what was recorded of them, says that they write.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createForm } from '../../../src/server/proxies/forms/form.ts'
import { clientCertificateOptions } from '../../../src/server/proxies/options.ts'
import { type Issued, testAuthority } from '../../support/certificates.ts'

const authority = testAuthority()
const client = authority.issue()
const below = authority.intermediate().issue()
const spaced = (text: string) =>
  encodeURIComponent(text).replaceAll('%2B', '+').replaceAll('%2F', '/').replaceAll('%3D', '=')
const body = ({ chain }: Issued) => chain.map(one => one.toString('base64')).join(',')

const recorded: readonly { what: string; form: string; header?: string; value(client: Issued): string }[] = [
  // docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html, where the text and the example differ
  {
    what: 'AWS ALB, passthrough, as its text says: +=/ stand for themselves',
    form: 'aws-alb',
    value: ({ chainPem }) => spaced(chainPem),
  },
  {
    what: 'AWS ALB, passthrough, as its example has it: %3D',
    form: 'aws-alb',
    value: ({ chainPem }) => encodeURIComponent(chainPem),
  },
  {
    what: 'AWS ALB, passthrough, = encoded and + not',
    form: 'aws-alb',
    value: ({ chainPem }) => spaced(chainPem).replaceAll('=', '%3D'),
  },
  // doc.traefik.io/traefik/middlewares/http/passtlsclientcert: what stands between BEGIN and END, in one line, a comma between certificates
  { what: 'Traefik 2 and 3', form: 'traefik', value: body },
  { what: 'Traefik when it escapes it', form: 'traefik', value: issued => encodeURIComponent(body(issued)) },
  // www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers
  {
    what: 'Envoy with cert, chain, subject, URI and DNS',
    form: 'xfcc',
    value: ({ thumbprint, pem, chainPem }) =>
      `By=spiffe://cluster.local/ns/default/sa/default;Hash=${thumbprint};Cert="${encodeURIComponent(pem)}";Chain="${encodeURIComponent(chainPem)}";Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client";URI=http://testclient.lyft.com;DNS=lyft.com;DNS=www.lyft.com`,
  },
  {
    what: 'Envoy with an empty URI, as gateways of Istio write it',
    form: 'xfcc',
    value: ({ thumbprint, chainPem }) => `Hash=${thumbprint};Chain="${encodeURIComponent(chainPem)}";Subject="";URI=`,
  },
]

suite('what is read of it', () => {
  for (const { what, form, value } of recorded) {
    test(what, () => {
      const { read } = createForm(clientCertificateOptions.parse({ form }))
      for (const issued of [client, below]) {
        const certificate = read(value(issued), undefined)
        assert.ok(typeof certificate === 'object', String(certificate))
        assert.deepEqual([certificate.leaf, ...(certificate.rest ?? [])], issued.chain)
      }
    })
  }
})
