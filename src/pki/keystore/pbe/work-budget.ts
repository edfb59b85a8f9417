import { keyStoreError } from '../keystore-error.ts'

/**
 * What one file may make this process compute while it is opened, in microseconds of a usual processor. A hostile file can ask for any
 * number of iterations, in any number of places. The JDK's limit, 5,000,000 iterations of PBKDF2 with SHA-256, fits in.
 */
const perFile = 2_000_000

export class WorkBudget {
  readonly #file: string
  #left = perFile

  constructor(file: string) {
    this.#file = file
  }

  /** Takes `microseconds` off the budget before the work is done. Throws ERR_KEYSTORE_TOO_COSTLY. */
  spend(microseconds: number, what: string): void {
    this.#left -= microseconds
    if (!(this.#left >= 0)) {
      throw keyStoreError('ERR_KEYSTORE_TOO_COSTLY', `${this.#file} asks for too much computation: ${what}`)
    }
  }
}
