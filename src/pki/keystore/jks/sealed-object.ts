import { keyStoreError } from '../keystore-error.ts'
import type { DataInput } from './data-input.ts'

const typeCode = {
  null: 0x70,
  reference: 0x71,
  classDescription: 0x72,
  object: 0x73,
  string: 0x74,
  array: 0x75,
  endBlockData: 0x78,
} as const

const sealedForKeyProtector = 'com.sun.crypto.provider.SealedObjectForKeyProtector'
const sealedObject = 'javax.crypto.SealedObject'
const sealAlgorithm = 'PBEWithMD5AndTripleDES'

/**
 * Steps over the sealed secret key of a JCEKS entry. Java deserialises it, the best known way to run code by a file; here only the
 * one shape that Java writes is read (Java Object Serialization Specification, section 6.4), and no object is made of it.
 */
export function skipSealedObject(input: DataInput): void {
  const stream = new SealedObjectStream(input)
  if (input.u32('a secret key') !== 0xaced0005) throw malformed('is no Java object')
  stream.object()
}

/** Something that a back reference may name. */
type Handle = { readonly kind: 'class'; readonly name: string } | { readonly kind: 'string' | 'other' }

class SealedObjectStream {
  readonly #input: DataInput
  readonly #handles: Handle[] = []

  constructor(input: DataInput) {
    this.#input = input
  }

  object(): void {
    this.#expect(typeCode.object)
    const classes = this.#classDescription()
    // the JDK's own filter takes no other class either
    if (classes[0] !== sealedForKeyProtector || classes[1] !== sealedObject || classes.length !== 2) {
      throw malformed(`is of the class ${classes[0]}`)
    }
    this.#handles.push({ kind: 'other' })
    // javax.crypto.SealedObject: byte[] encodedParams, byte[] encryptedContent, String paramsAlg, String sealAlg
    this.#octets()
    this.#octets()
    this.#text()
    const algorithm = this.#text()
    if (algorithm !== undefined && algorithm !== sealAlgorithm) throw malformed('is sealed in an unknown way')
  }

  /** The names of the class and of those above it. */
  #classDescription(): string[] {
    const names: string[] = []
    for (let depth = 0; depth < 3; depth++) {
      const code = this.#u8()
      if (code === typeCode.null) return names
      if (code === typeCode.reference) return [...names, this.#className()]
      if (code !== typeCode.classDescription) throw malformed('is not in the form that Java writes')
      names.push(this.#input.utf('a class name'))
      this.#input.take(8, 'a serial version')
      this.#handles.push({ kind: 'class', name: names[depth]! })
      this.#fields()
      this.#expect(typeCode.endBlockData)
    }
    throw malformed('has too many classes')
  }

  #fields(): void {
    this.#input.u8('class flags')
    const count = this.#input.u16('a field count')
    if (count > 4) throw malformed('has too many fields')
    for (let i = 0; i < count; i++) {
      const type = String.fromCharCode(this.#u8())
      this.#input.utf('a field name')
      if (type === '[' || type === 'L') this.#text()
      else throw malformed('has a field of an unknown type')
    }
  }

  /** byte[] or null */
  #octets(): void {
    const code = this.#u8()
    if (code === typeCode.null) return
    if (code === typeCode.reference) return void this.#handle()
    if (code !== typeCode.array) throw malformed('is not in the form that Java writes')
    if (this.#classDescription()[0] !== '[B') throw malformed('holds something other than octets')
    this.#handles.push({ kind: 'other' })
    this.#input.take(this.#input.length('a sealed key'), 'a sealed key')
  }

  /** A string, or undefined for null and for what was read before */
  #text(): string | undefined {
    const code = this.#u8()
    if (code === typeCode.null) return undefined
    if (code === typeCode.reference) return void this.#handle()
    if (code !== typeCode.string) throw malformed('is not in the form that Java writes')
    this.#handles.push({ kind: 'string' })
    return this.#input.utf('a text')
  }

  #className(): string {
    const handle = this.#handle()
    return handle.kind === 'class' ? handle.name : ''
  }

  #handle(): Handle {
    const handle = this.#handles[this.#input.u32('a reference') - 0x7e0000]
    if (handle === undefined) throw malformed('refers to something that is not there')
    return handle
  }

  #u8(): number {
    return this.#input.u8('a secret key')
  }

  #expect(code: number): void {
    if (this.#u8() !== code) throw malformed('is not in the form that Java writes')
  }
}

function malformed(how: string) {
  return keyStoreError('ERR_KEYSTORE_MALFORMED', `a sealed secret key ${how}`)
}
