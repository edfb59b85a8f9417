import { CodedError } from '../errors.ts'
import type { PolicyInputs } from '../pki/path/check-policies.ts'
import { type PathOptions, validatePath } from '../pki/path/validate.ts'
import { type Purpose, untrusted, type Verdict } from '../pki/path/verdict.ts'
import { type Certificate, parseCertificate } from '../pki/x509/certificate.ts'
import { type Crl, parseCrl } from '../pki/x509/crl.ts'
import { readPem } from '../pki/x509/pem.ts'

/** One chain with its questions, as `cert verify --batch` takes it. Everything is PEM; more fields than these may be there. */
export interface BatchCase {
  readonly id: string
  readonly purpose: 'clientAuth' | 'serverAuth' | 'any'
  /** ISO; null: now */
  readonly time: string | null
  readonly anchors: readonly string[]
  readonly intermediates: readonly string[]
  readonly leaf: string
  /** none: revocation is not checked */
  readonly crls: readonly string[]
  readonly maxDepth: number | null
  readonly policy: Record<string, unknown> | null
  /** `max-age-7d`: how old a CRL may be */
  readonly features?: readonly string[]
}

/** Throws ERR_CLI_BATCH_MALFORMED unless the text is `{"cases": [...]}` with cases of that form. */
export function readBatch(text: string, file: string): readonly BatchCase[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw malformed(`${file} is not JSON`, cause)
  }
  const cases = (value as { cases?: unknown } | null)?.cases
  if (!Array.isArray(cases)) throw malformed(`${file} has no list of cases`)
  for (const [i, each] of cases.entries()) {
    const fault = faultOf(each)
    if (fault !== undefined) throw malformed(`${file}: case ${i + 1}: ${fault}`)
  }
  return cases
}

function faultOf(each: Record<string, unknown> | null): string | undefined {
  if (typeof each !== 'object' || each === null) return 'is not an object'
  const isTexts = (list: unknown) => Array.isArray(list) && list.every(text => typeof text === 'string')
  for (const field of ['id', 'leaf']) if (typeof each[field] !== 'string') return `${field} is not a text`
  for (const field of ['anchors', 'intermediates', 'crls'])
    if (!isTexts(each[field])) return `${field} is not a list of texts`
  if (typeof each.purpose !== 'string' || !(each.purpose in purposes))
    return 'purpose is none of clientAuth, serverAuth, any'
  const time = each.time ?? null
  if (time !== null && (typeof time !== 'string' || Number.isNaN(Date.parse(time)))) return 'time is no time'
  const depth = each.maxDepth ?? null
  return depth === null || Number.isInteger(depth) ? undefined : 'maxDepth is not a number'
}

function malformed(message: string, cause?: unknown): CodedError {
  return new CodedError('ERR_CLI_BATCH_MALFORMED', message, {
    remedy:
      'The file has to be {"cases": [{"id", "purpose", "time", "anchors", "intermediates", "leaf", "crls", "maxDepth", "policy"}, …]}.',
    cause,
  })
}

const purposes: Record<BatchCase['purpose'], Purpose> = { clientAuth: 'client', serverAuth: 'server', any: 'any' }

/** The verdict of one case. What cannot be parsed is as good as absent; a leaf that cannot be parsed is refused. */
export function judgeCase(each: BatchCase, now: number): Verdict {
  const [leaf] = parseAll([each.leaf], parseCertificate)
  if (leaf === undefined) return untrusted('certificate_malformed', 'the certificate cannot be parsed', undefined)
  const crls = each.crls.length === 0 ? undefined : parseAll<Crl>(each.crls, parseCrl)
  const intermediates = parseAll<Certificate>(each.intermediates, parseCertificate)
  const anchors = parseAll<Certificate>(each.anchors, parseCertificate).map((certificate, i) => ({
    alias: `${i + 1}`,
    certificate,
  }))
  return validatePath({ leaf, intermediates, anchors, ...(crls === undefined ? {} : { crls }) }, optionsOf(each, now))
}

function parseAll<T>(texts: readonly string[], parse: (der: Buffer) => T): T[] {
  return texts.flatMap(text => {
    try {
      return readPem(text).map(({ der }) => parse(der))
    } catch (error) {
      if (error instanceof CodedError) return []
      throw error
    }
  })
}

function optionsOf(each: BatchCase, now: number): PathOptions {
  const days = each.features?.map(feature => /^max-age-(\d+)d$/.exec(feature)?.[1]).find(found => found !== undefined)
  return {
    at: typeof each.time === 'string' ? Date.parse(each.time) : now,
    purpose: purposes[each.purpose],
    policy: policyOf(each.policy ?? {}),
    ...(typeof each.maxDepth === 'number' ? { maxDepth: each.maxDepth } : {}),
    ...(days === undefined ? {} : { crlMaxAge: Number(days) * 86_400_000 }),
  }
}

// Inputs of RFC 5280 section 6.1.1 as the suites write them: texts, and NIST's own names for its test policies.
function policyOf(policy: Record<string, unknown>): PolicyInputs {
  const on = (value: unknown) => value === true || value === 'true'
  const names = typeof policy.initialPolicySet === 'string' ? policy.initialPolicySet.split(',') : undefined
  return {
    ...(names === undefined ? {} : { initialPolicySet: names.map(policyOid) }),
    initialExplicitPolicy: on(policy.explicit),
    initialPolicyMappingInhibit: on(policy.inhibitMap),
    initialAnyPolicyInhibit: on(policy.inhibitAny),
  }
}

function policyOid(name: string): string {
  return name
    .trim()
    .replace(/^anyPolicy$/, '2.5.29.32.0')
    .replace(/^NIST-test-policy-/, '2.16.840.1.101.3.2.1.48.')
}
