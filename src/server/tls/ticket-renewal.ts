import { randomFillSync } from 'node:crypto'
import type { SecureContext } from 'node:tls'

/** Seals the session tickets of a listener, and gives a new one for each that is spent. */
export interface TicketRenewal {
  /** Seals with this key from now on, and opens no other. 48 bytes: name, HMAC key, AES key, 16 each, as Node's `ticketKeys` */
  replaceKey(key: Buffer): void
  /** Has to hear of each handshake when it is done. */
  handshakeDone(handshake: { readonly protocol: string; readonly resumed: boolean }): void
}

/**
 * Node's own way to seal tickets tells OpenSSL to go on with the ticket that was presented: under TLS 1.3 a client that spends each of its
 * tickets once, as it should (RFC 8446 section C.4), then gets no other, and every second connection is a full handshake. What can say "renew" is
 * a callback that no documentation of Node names. So this file knows it and no other; undefined where Node is not one that the tests of this
 * file have seen it work in, and then tickets are sealed Node's way.
 *
 * How long somebody can go on without proving the key of the certificate again is bounded by the key that seals: it is replaced with each
 * move of trust, and with each rotation of the secret (RFC 8446 section 4.6.1).
 */
export function renewTickets(contexts: readonly SecureContext[], key: Buffer): TicketRenewal | undefined {
  const natives = contexts.map(({ context }) => context as NativeContext)
  if (
    !tested.test(process.versions.node) ||
    natives.some(native => typeof native.enableTicketKeyCallback !== 'function')
  ) {
    return undefined
  }
  const seal = new Seal(key)
  const onTicketKey: TicketKeyCallback = (name, _iv, sealing) => (sealing ? seal.sealed() : seal.opened(name))
  for (const native of natives) {
    native.onticketkeycallback = onTicketKey
    native.enableTicketKeyCallback!()
  }
  return {
    replaceKey: next => seal.replace(next),
    handshakeDone: ({ protocol, resumed }) => seal.expect(protocol === 'TLSv1.3' && !resumed ? 'two' : 'any'),
  }
}

/** Versions of Node whose callback is the one that is meant here. The test of this file fails with the first one that is not among them. */
const tested = /^26\./

interface NativeContext {
  enableTicketKeyCallback?: () => void
  onticketkeycallback?: TicketKeyCallback
}

/** What OpenSSL's callback returns, then HMAC key, AES key, and for sealing the name and the initialisation vector. */
type TicketKeyCallback = (
  name: Buffer,
  iv: Buffer,
  sealing: boolean,
) => readonly [number, Buffer, Buffer, Buffer, Buffer]

class Seal {
  #name!: Buffer
  #open!: ReturnType<TicketKeyCallback>
  #unknown!: ReturnType<TicketKeyCallback>
  #sealed!: ReturnType<TicketKeyCallback>
  #unsent!: ReturnType<TicketKeyCallback>
  readonly #iv = Buffer.alloc(16)
  /** OpenSSL makes two tickets after a full handshake of TLS 1.3, at once and for good: the second is not worth sending when the first renews itself */
  #expected: 'any' | 'two' | 'superfluous' = 'any'

  constructor(key: Buffer) {
    this.replace(key)
  }

  replace(key: Buffer): void {
    const [name, hmac, aes] = [key.subarray(0, 16), key.subarray(16, 32), key.subarray(32, 48)]
    this.#name = name
    this.#open = [openAndRenew, hmac, aes, nothing, nothing]
    this.#unknown = [none, hmac, aes, nothing, nothing]
    this.#sealed = [sealIt, hmac, aes, name, this.#iv]
    this.#unsent = [none, hmac, aes, name, this.#iv]
  }

  expect(tickets: 'any' | 'two'): void {
    this.#expected = tickets
  }

  opened(name: Buffer): ReturnType<TicketKeyCallback> {
    return name.equals(this.#name) ? this.#open : this.#unknown
  }

  sealed(): ReturnType<TicketKeyCallback> {
    if (this.#expected === 'superfluous') {
      this.#expected = 'any'
      return this.#unsent
    }
    if (this.#expected === 'two') this.#expected = 'superfluous'
    nextRandom(this.#iv)
    return this.#sealed
  }
}

/** OpenSSL's SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0 is "no session" for a ticket that comes, and "no ticket" for one that would go */
const none = 0
const sealIt = 1
const openAndRenew = 2
const nothing = Buffer.alloc(0)

const pool = Buffer.alloc(4096)
let used = pool.length

/** Random octets are cheaper by the page. None is used twice. */
function nextRandom(into: Buffer): void {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  pool.copy(into, 0, used, used + into.length)
  used += into.length
}
