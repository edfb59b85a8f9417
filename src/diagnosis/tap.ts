import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** More than any handshake has: what comes after it is passed on, and not kept. */
const longestKept = 512 * 1024

/** Stands between TLS and its socket, and keeps what the server sent as it came over the wire. */
export class Tap extends Duplex {
  readonly #socket: Socket
  readonly #kept: Buffer[] = []
  #length = 0

  constructor(socket: Socket) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (this.#length < longestKept) this.#kept.push(chunk)
      this.#length += chunk.length
      if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', error => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  /** everything so far, from the first octet on */
  get received(): Buffer {
    return Buffer.concat(this.#kept)
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}
