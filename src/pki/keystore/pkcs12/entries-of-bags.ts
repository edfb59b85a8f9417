import { isCoded } from '../../../errors.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { plainKey, privateKeyInfo, sealedKey, unsealKey } from '../held-key.ts'
import { IssuerIndex } from '../issuer-index.ts'
import type { HeldKey, KeyStore, KeyStoreEntry } from '../keystore.ts'
import { keyStoreError } from '../keystore-error.ts'
import type { WorkBudget } from '../pbe/work-budget.ts'
import { privateKeyEntry } from '../private-key-entry.ts'
import { publicKeyOf } from '../public-key-of.ts'
import { readCertificate } from '../read-certificate.ts'
import { UniqueAliases } from '../unique-aliases.ts'
import type { Bag } from './read-bags.ts'

export interface BagContext {
  readonly storePassword: string | undefined
  /** tried on keys, in this order */
  readonly passwords: readonly string[]
  readonly file: string
  readonly budget: WorkBudget
}

/**
 * Makes entries of bags, as the JDK does: a key gets the certificate with its localKeyId, and the issuers of that; a certificate with
 * Java's mark is trusted; of two entries with one alias the later stays. What Java hides: other certificates are trusted entries in
 * a file without private keys, as OpenSSL makes a trust store, and belong to no entry in a file with keys.
 */
export function entriesOfBags(
  bags: readonly Bag[],
  context: BagContext,
): Pick<KeyStore, 'entries' | 'otherCertificates'> {
  const certificates = bags.filter(bag => bag.kind === 'certificate').map(readCertificateBag)
  const keys = bags.filter(isKey)
  const finder = new LeafFinder(certificates, keys.length, context)
  const index = new IssuerIndex(certificates.map(({ certificate }) => certificate))
  const names = new Names(bags)
  const byBag = new Map(certificates.map(one => [one.bag, one.certificate]))

  const entries = new Map<string, KeyStoreEntry>()
  const used = new Set<string>()
  for (const bag of bags) {
    const trusted = byBag.get(bag)
    if (trusted !== undefined && !bag.trusted) continue
    const name = names.of(bag)
    if (trusted !== undefined) {
      used.add(trusted.thumbprint)
      const created = timeOf(bag.localKeyId)
      entries.set(name.alias, { kind: 'trusted-certificate', ...name, created, certificate: trusted })
    } else if (isKey(bag)) {
      const held = heldKey(bag, name.alias, context)
      const leaf = finder.leafOf(bag)
      const chain = leaf === undefined ? [] : index.chainOf(leaf)
      for (const certificate of chain) used.add(certificate.thumbprint)
      entries.set(name.alias, privateKeyEntry({ ...name, created: timeOf(bag.localKeyId), chain, held }))
    } else {
      entries.set(name.alias, { kind: 'secret-key', ...name, created: timeOf(bag.localKeyId), bag: bag.value })
    }
  }
  const rest = certificates.filter(({ certificate: { thumbprint } }) => !used.has(thumbprint) && used.add(thumbprint))
  if (keys.length > 0) return { entries: [...entries.values()], otherCertificates: rest.map(one => one.certificate) }
  const unique = new UniqueAliases(entries.keys())
  for (const { bag, certificate } of rest) {
    // these were not told apart by their names when the file was made
    const name = nameOf(unique.of(names.textOf(bag)))
    entries.set(name.alias, { kind: 'trusted-certificate', ...name, created: undefined, certificate })
  }
  return { entries: [...entries.values()], otherCertificates: [] }
}

const isKey = (bag: Bag) => bag.kind === 'key' || bag.kind === 'shrouded-key'

interface CertificateBag {
  readonly bag: Bag
  readonly certificate: Certificate
}

function readCertificateBag(bag: Bag): CertificateBag {
  const where = bag.friendlyName === undefined ? 'an entry without a name' : `the entry ${bag.friendlyName}`
  return { bag, certificate: readCertificate(bag.value, where) }
}

function heldKey(bag: Bag, alias: string, { storePassword, passwords, file }: BagContext): HeldKey {
  const what = `the private key ${alias} of ${file}`
  if (bag.kind === 'shrouded-key')
    return sealedKey(bag.value, { storePassword, passwords, what, localKeyId: bag.localKeyId })
  const pkcs8 = privateKeyInfo(bag.value)
  if (pkcs8 === undefined) throw keyStoreError('ERR_KEYSTORE_MALFORMED', `${what} is damaged`)
  return plainKey(pkcs8, bag.localKeyId)
}

/** Java keeps the date of a key in its localKeyId: "Time 1729595141678". Our writer does so for trusted certificates too. */
function timeOf(localKeyId: Buffer | undefined): number | undefined {
  const digits = /^Time (\d{1,15})$/.exec(localKeyId?.toString('latin1') ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

type Name = Pick<KeyStoreEntry, 'alias' | 'label'>

function nameOf(text: string): Name {
  const alias = text.toLowerCase()
  return alias === text ? { alias } : { alias, label: text }
}

/** Aliases, with the numbers that Java gives to entries without a name. */
class Names {
  readonly #taken: ReadonlySet<string>
  #count = 0

  constructor(bags: readonly Bag[]) {
    this.#taken = new Set(bags.map(bag => bag.friendlyName ?? ''))
  }

  of(bag: Bag): Name {
    return nameOf(this.textOf(bag))
  }

  textOf({ friendlyName }: Bag): string {
    return friendlyName ?? this.#number()
  }

  #number(): string {
    do this.#count++
    while (this.#taken.has(`${this.#count}`))
    return `${this.#count}`
  }
}

/** Which certificate belongs to a key. */
class LeafFinder {
  readonly #certificates: readonly CertificateBag[]
  readonly #keyCount: number
  readonly #context: BagContext
  readonly #byId = new Map<string, CertificateBag[]>()
  #bySpki: Map<string, Certificate> | undefined

  constructor(certificates: readonly CertificateBag[], keyCount: number, context: BagContext) {
    this.#certificates = certificates
    this.#keyCount = keyCount
    this.#context = context
    for (const one of certificates) {
      const id = one.bag.localKeyId?.toString('hex')
      if (id !== undefined && !one.bag.trusted) this.#byId.set(id, [...(this.#byId.get(id) ?? []), one])
    }
  }

  leafOf(key: Bag): Certificate | undefined {
    const sameId = key.localKeyId === undefined ? [] : (this.#byId.get(key.localKeyId.toString('hex')) ?? [])
    if (sameId.length === 1) return sameId[0]!.certificate
    const sameName = sameId.filter(({ bag }) => bag.friendlyName === key.friendlyName)
    if (sameName.length === 1) return sameName[0]!.certificate
    const spki = this.#publicKeyOf(key)
    if (spki !== undefined) return this.#spkis().get(spki)
    // the key does not open: one key beside certificates without identifiers is theirs, and comes with its own first
    const single = this.#keyCount === 1 && key.localKeyId === undefined && this.#certificates[0]
    return sameId[0]?.certificate ?? (single ? single.certificate : undefined)
  }

  #spkis(): Map<string, Certificate> {
    // the first of several wins
    this.#bySpki ??= new Map(
      this.#certificates.toReversed().map(({ certificate }) => [certificate.spki.toString('latin1'), certificate]),
    )
    return this.#bySpki
  }

  #publicKeyOf(key: Bag): string | undefined {
    const pkcs8 = key.kind === 'key' ? privateKeyInfo(key.value) : this.#unseal(key.value)
    return pkcs8 && publicKeyOf(pkcs8)?.toString('latin1')
  }

  #unseal(sealed: Buffer): Buffer | undefined {
    const { passwords, budget, file } = this.#context
    try {
      for (const password of passwords) {
        const pkcs8 = unsealKey(sealed, password, budget, file)
        if (pkcs8 !== undefined) return pkcs8
      }
    } catch (cause) {
      // what is wrong with one key is told to who wants that key
      if (isCoded(cause, 'ERR_KEYSTORE_TOO_COSTLY')) throw cause
    }
    return undefined
  }
}
