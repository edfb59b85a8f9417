import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** What session tickets are sealed with, as all replicas know it. */
export interface SharedSecret {
  readonly secret: Buffer
  /** when it was made, milliseconds since the epoch of clocks */
  readonly made: number
  /** how often trust has moved at some replica for reasons that the others do not read in the database */
  readonly turn: number
}

export interface Sealer {
  /** names the key without telling it */
  readonly keyId: string
  seal(secret: SharedSecret): string
  /** undefined: it was not sealed with this key, or was changed */
  open(sealed: string): SharedSecret | undefined
}

/** AES-256-GCM under a key that is derived from `key`, which must be hard to guess: nothing slows guesses down. */
export function createSealer(key: string): Sealer {
  const derive = (what: string, length: number) =>
    Buffer.from(hkdfSync('sha256', key, '', `countersign ${what} of session tickets`, length))
  const sealingKey = derive('sealing key', 32)
  const keyId = derive('key id', 8).toString('hex')
  return {
    keyId,
    seal({ secret, made, turn }) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce).setAAD(Buffer.from(keyId))
      const text = JSON.stringify({ secret: secret.toString('base64'), made, turn })
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64')
      if (bytes.length < 28) return undefined
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealingKey, bytes.subarray(0, 12), { authTagLength: 16 })
        decipher.setAAD(Buffer.from(keyId)).setAuthTag(bytes.subarray(12, 28))
        const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
        const { secret, made, turn } = JSON.parse(text) as { secret: string; made: number; turn: number }
        return { secret: Buffer.from(secret, 'base64'), made, turn }
      } catch {
        return undefined
      }
    },
  }
}
