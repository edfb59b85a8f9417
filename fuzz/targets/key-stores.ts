import { openKeyStore } from '../../src/pki/keystore/open.ts'
import { looksLikePem, readPem } from '../../src/pki/x509/pem.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { mutateDer } from '../mutate-der.ts'
import { mutateText } from '../mutate-text.ts'
import { guarded, outcome } from '../outcome.ts'
import type { Target } from '../target.ts'
import {
  decodeKeys,
  jceksSeeds,
  jksSeeds,
  keySeeds,
  password,
  pemSeeds,
  pkcs12Seeds,
  withDigest,
  withMac,
} from './key-store-seeds.ts'

const codes = /^ERR_KEYSTORE_[A-Z_]+$/
/** What one file may make us compute is bounded by two seconds of a usual processor, and there are two passes. */
const limitMs = 20_000

/** What a program does with a store: opens it, reads everything in it. */
function use(input: Buffer, known: string | undefined): string {
  return outcome(codes, () => {
    const store = openKeyStore(guarded(input), known === undefined ? {} : { password: known })
    const entries = store.entries.slice(0, 8).map(entry => {
      if (entry.kind !== 'private-key') return entry.kind
      return `key ${entry.chain.length} ${outcome(codes, () => entry.privateKey().asymmetricKeyType ?? '')}`
    })
    return `${store.type} ${entries.join(', ')}`
  })
}

const both = (input: Buffer) => `${use(input, undefined)}; ${use(input, password)}`

const pemWords = [
  '-----BEGIN ',
  '-----END ',
  '-----',
  'CERTIFICATE',
  'ENCRYPTED PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
]
const pemFields = [
  '\n',
  '\r\n',
  'Proc-Type: 4,ENCRYPTED\n',
  'DEK-Info: AES-256-CBC,00\n',
  'DEK-Info: DES-EDE3-CBC,',
  '=',
  'AAAA',
]

export const keyStoreTargets: readonly Target[] = [
  {
    name: 'private-key',
    seeds: keySeeds,
    limitMs,
    weight: 6,
    mutate: (input, random, others) =>
      random.below(4) === 0 ? mutateBytes(input, random, others) : mutateDer(input, random, others),
    run: input =>
      decodeKeys(input)
        .map(pem => use(pem, password))
        .join('; '),
  },
  {
    name: 'jks',
    seeds: jksSeeds,
    limitMs,
    weight: 8,
    mutate(input, random, others) {
      const changed = mutateBytes(input, random, others)
      return random.below(3) === 0 ? changed : withDigest(changed)
    },
    run: both,
  },
  {
    name: 'jceks',
    seeds: jceksSeeds,
    limitMs,
    weight: 8,
    mutate(input, random, others) {
      const changed = mutateBytes(input, random, others)
      return random.below(3) === 0 ? changed : withDigest(changed)
    },
    run: both,
  },
  {
    name: 'pkcs12',
    seeds: pkcs12Seeds,
    limitMs,
    weight: 3,
    mutate(input, random, others) {
      const changed = random.below(5) === 0 ? mutateBytes(input, random, others) : mutateDer(input, random, others)
      return random.below(4) === 0 ? changed : withMac(changed)
    },
    run: both,
  },
  {
    name: 'pem',
    seeds: pemSeeds,
    limitMs,
    weight: 15,
    mutate: (input, random, others) => mutateText(input, random, others, [...pemWords, ...pemFields]),
    run(input) {
      const bytes = guarded(input)
      const blocks = outcome(/^ERR_PEM_MALFORMED$/, () =>
        readPem(bytes)
          .map(block => block.label)
          .join(' ')
          .slice(0, 100),
      )
      return `${looksLikePem(bytes)} ${blocks}; ${use(input, password)}`
    },
  },
]
