import { CodedError } from '../errors.ts'
import type { LoadedConfiguration } from './load.ts'
import { ConfigError, type ConfigProblem, pathText } from './read.ts'

/** Where in the configuration something stands. */
export type Path = readonly PropertyKey[]

/** What is found while the material of a configuration is opened: all problems with their places, and what is only warned of. */
export class Findings {
  readonly warnings: string[]
  readonly #problems: ConfigProblem[] = []
  readonly #loaded: LoadedConfiguration

  constructor(loaded: LoadedConfiguration) {
    this.#loaded = loaded
    this.warnings = [...loaded.warnings]
  }

  /** What `work` gives, or undefined when it throws a CodedError, which is then a problem of this place. */
  attempt<T>(path: Path, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      return this.add(path, error)
    }
  }

  async attemptAsync<T>(path: Path, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      return this.add(path, error)
    }
  }

  /** Throws what is no CodedError. */
  add(path: Path, error: unknown): undefined {
    if (!(error instanceof CodedError)) throw error
    const hint = error.remedy ?? 'docs/configuration.md says what belongs here.'
    this.#problems.push({ path: pathText(path), line: this.#loaded.lineOf(path), message: error.message, hint })
  }

  unique(list: string, names: readonly string[], key: string): void {
    for (const [i, name] of names.entries()) {
      if (names.indexOf(name) < i) {
        const twice = new CodedError('ERR_CONFIG_INVALID', `two ${list} have the ${key} ${name}`, {
          remedy: 'Give each its own.',
        })
        this.add([list, i, key], twice)
      }
    }
  }

  /** Throws ConfigError when there are problems. */
  conclude(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#loaded.file, this.#problems)
  }
}
