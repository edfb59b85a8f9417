import { CodedError } from '../../errors.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { thumbprint } from '../../pki/x509/thumbprint.ts'
import type { TenantAnchor } from '../trust/tenant-paths.ts'
import { type AnchorDirectory, type AnchorView, createAnchorDirectory } from './anchor-directory.ts'
import { type Binding, levelOf, type Selector } from './binding.ts'
import { compileBinding } from './compile-binding.ts'
import type { BindingOptions } from './options.ts'
import { selectorKey } from './selector.ts'

/** The bindings of the configuration together with the anchors that they name. A value: a reload makes a new one. */
export interface ConfiguredBindings {
  readonly directory: AnchorDirectory
  /** what it means that the same certificate is bound in two tenants: nothing where names do not tell the tenant */
  readonly severalTenants: SeveralTenants
  find(selectors: readonly Selector[]): readonly Binding[]
  /** bindings that name the certificate by SHA-1: only in configurations that came from WSO2's */
  findBySha1?(certificate: Certificate): readonly Binding[]
}

export type SeveralTenants = 'refuse' | 'choose'

export interface BindingProblem {
  /** position in the list of the configuration */
  readonly index: number
  readonly error: CodedError
}

export interface BindingReview {
  readonly bindings: ConfiguredBindings
  /** any of them stops the start */
  readonly problems: readonly BindingProblem[]
  /** sentences for the administrator */
  readonly warnings: readonly string[]
}

/** Reads the bindings of the configuration against the anchors of all listeners, and tells everything that is wrong with them. */
export function reviewBindings(
  options: readonly BindingOptions[],
  anchors: readonly TenantAnchor[],
  severalTenants: SeveralTenants = 'refuse',
): BindingReview {
  const directory = createAnchorDirectory(anchors)
  const problems: BindingProblem[] = []
  const warnings: string[] = []
  const index = new Map<string, Binding[]>()
  const answers = new Map<string, string>()
  for (const [position, written] of options.entries()) {
    try {
      const binding = compileBinding(written)
      const view = directory.seenBy(written.tenant)
      checkAnchor(written.anchor, written.tenant, view)
      // With anchors of their own, two tenants may well mean two certificates by one name.
      checkConflict(binding, answers, severalTenants === 'choose' || view.owner !== undefined)
      warnings.push(...widerThanItSeems(binding, view), ...(anchors.length > 0 ? neverHolds(binding, view) : []))
      const key = selectorKey(binding.selector)
      index.set(key, [...(index.get(key) ?? []), binding])
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      problems.push({ index: position, error })
    }
  }
  const weak = [...index.keys()].some(key => key.startsWith('sha1-thumbprint '))
  const findBySha1 = ({ raw }: Certificate) => find([{ kind: 'sha1-thumbprint', value: thumbprint(raw, 'sha1') }])
  const find = (selectors: readonly Selector[]) => selectors.flatMap(selector => index.get(selectorKey(selector)) ?? [])
  return { bindings: { directory, severalTenants, find, ...(weak ? { findBySha1 } : {}) }, problems, warnings }
}

// A name that points nowhere would be a rule that silently never holds, or, after the next import, suddenly does.
function checkAnchor(alias: string | undefined, tenant: string, view: AnchorView): void {
  if (alias === undefined || view.known.has(alias.toLowerCase())) return
  if (view.ambiguous.has(alias.toLowerCase())) {
    throw new CodedError(
      'ERR_BINDING_ANCHOR_AMBIGUOUS',
      `the anchor ${JSON.stringify(alias)} stands for different authorities in different trust stores`,
      { remedy: 'Give each authority an alias of its own (countersign keytool -changealias), and name that one.' },
    )
  }
  const message = `no trust store${view.owner === undefined ? '' : ` for the tenant ${tenant}, or for any,`} has an entry called ${JSON.stringify(alias)}`
  throw new CodedError('ERR_BINDING_ANCHOR_UNKNOWN', message, {
    remedy:
      view.known.size === 0
        ? 'Name a trust store for a listener first.'
        : `Name one of the aliases that \`countersign keystore list\` prints, for example ${JSON.stringify(view.example())}.`,
  })
}

function checkConflict(
  { selector, anchor, tenant, answer, label }: Binding,
  answers: Map<string, string>,
  apart: boolean,
): void {
  const key = JSON.stringify([selectorKey(selector), anchor, apart ? tenant : undefined])
  const mine = JSON.stringify([tenant, answer])
  const earlier = answers.get(key)
  answers.set(key, earlier ?? mine)
  if (earlier === undefined || earlier === mine) return
  throw new CodedError('ERR_BINDING_CONFLICT', `two bindings for ${label} give different users`, {
    remedy: 'Make one binding of the two: name all users in one list, the default first.',
  })
}

function neverHolds({ tenant, label }: Binding, { known, ambiguous }: AnchorView): string[] {
  if (known.size + ambiguous.size > 0) return []
  return [`the binding for ${label} lets nobody in: no trust store vouches for users of the tenant ${tenant}`]
}

function widerThanItSeems({ selector, anchor, answer, label }: Binding, { known }: AnchorView): string[] {
  const warnings: string[] = []
  if (levelOf(selector.kind) === 'name' && anchor === undefined && known.size > 1) {
    warnings.push(
      `the binding for ${label} holds whichever of the ${known.size} trust anchors certifies that name; add anchor: to name the one that may`,
    )
  }
  if (answer.kind === 'any' && levelOf(selector.kind) !== 'thumbprint') {
    warnings.push(`insecureAnyUser: every certificate that the binding for ${label} covers may act as any user`)
  }
  return warnings
}
