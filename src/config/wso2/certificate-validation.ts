import type { z } from 'zod'
import type { revocationOptions } from '../../identity/revocation/options.ts'
import type { CarbonHome } from './carbon-home.ts'
import { javaBoolean } from './java-boolean.ts'
import { childrenNamed, elementsNamed, textOf, type XmlElement } from './xml.ts'

export type RevocationInput = z.input<typeof revocationOptions>

interface Validator {
  readonly method: 'ocsp' | 'crl'
  readonly priority: number
  readonly chain: boolean
}

/**
 * certificate-validation.xml: the original asks about revocation only when a browser signs in, and never for mutual SSL. Here its validators
 * hold for every client certificate; a source that does not answer keeps nobody out, as in the original.
 */
export function readCertificateValidation(home: CarbonHome, root: XmlElement): RevocationInput | undefined {
  const validators = [...elementsNamed(root, 'Validator')].flatMap(element => readValidator(home, element) ?? [])
  for (const store of elementsNamed(root, 'TrustStore')) {
    home.findings.add(
      'ignored',
      store,
      'the trust store of the validators is not read: issuers come from the path of the certificate',
    )
  }
  if (validators.length === 0) return undefined
  validators.sort((one, other) => one.priority - other.priority)
  const what = `revocation is checked (${validators.map(({ method }) => method.toUpperCase()).join(', then ')}), which mutual SSL in the original never does`
  home.findings.add('tightened', root, what, 'enable="false" for the validators switches it off.')
  const methods = new Set(validators.map(({ method }) => method))
  return {
    mode: 'prefer',
    order: [...methods],
    depth: validators.some(({ chain }) => chain) ? 'chain' : 'end-entity',
    ...(methods.has('ocsp') ? {} : { ocsp: { responders: 'ignore' } }),
    ...(methods.has('crl') ? {} : { crl: { distributionPoints: 'ignore' } }),
  }
}

function readValidator(home: CarbonHome, element: XmlElement): Validator | undefined {
  const { attributes } = element
  const name = attributes.get('displayName')?.value ?? attributes.get('name')?.value ?? ''
  if (!javaBoolean(home.resolve(attributes.get('enable')))) return undefined
  const method = /ocsp/i.test(name) ? 'ocsp' : /crl/i.test(name) ? 'crl' : undefined
  if (method === undefined) {
    home.findings.add('warning', element, `the validator ${JSON.stringify(name)} is not known, and asks nobody`)
    return undefined
  }
  const parameter = (wanted: string) =>
    textOf(childrenNamed(element, 'Parameter').find(each => each.attributes.get('name')?.value === wanted))
  return {
    method,
    priority: home.number(parameter('priority')) ?? 0,
    chain: javaBoolean(parameter('fullChainValidation')?.value),
  }
}
