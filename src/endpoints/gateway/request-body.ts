import { Readable } from 'node:stream'

/** What ends a request body before its end, through no fault of the upstream. */
export type BodyFault = 'body_too_large' | 'body_timeout' | 'client_gone'

export class RequestBodyError extends Error {
  readonly fault: BodyFault

  constructor(fault: BodyFault, message: string) {
    super(message)
    this.fault = fault
  }
}

export interface BodyLimits {
  /** octets */
  readonly limit: number
  /** milliseconds without an octet, while the upstream is ready for more */
  readonly idle: number
}

/**
 * A client's request body on its way to the upstream. It stands between the two so that an upstream which answers early and
 * hangs up does not take the client's connection down before the answer is out.
 */
export class RequestBody extends Readable {
  readonly #source: Readable
  readonly #limits: BodyLimits
  #received = 0
  #idle: NodeJS.Timeout | undefined

  constructor(source: Readable, limits: BodyLimits) {
    super({ highWaterMark: 64 * 1024 })
    this.#source = source
    this.#limits = limits
    source.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onClose)
    source.pause()
  }

  override _read(): void {
    this.#idle ??= setTimeout(this.#onIdle, this.#limits.idle)
    this.#idle.refresh()
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#release()
    callback(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length
    if (this.#received > this.#limits.limit) {
      this.destroy(
        new RequestBodyError('body_too_large', `the request body is larger than ${this.#limits.limit} octets`),
      )
      return
    }
    if (this.push(chunk)) {
      this.#idle?.refresh()
      return
    }
    clearTimeout(this.#idle)
    this.#idle = undefined
    this.#source.pause()
  }

  readonly #onEnd = (): void => {
    this.#release()
    this.push(null)
  }

  readonly #onClose = (): void => {
    if (!this.#source.readableEnded) this.destroy(new RequestBodyError('client_gone', 'the client went away'))
  }

  readonly #onIdle = (): void => {
    this.destroy(new RequestBodyError('body_timeout', 'the client sent nothing for too long'))
  }

  #release(): void {
    clearTimeout(this.#idle)
    this.#source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose).pause()
    // The source keeps its error listener: an error that nobody listens to would end the process.
  }
}
