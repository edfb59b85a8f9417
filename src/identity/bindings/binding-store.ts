import type { Selector } from './binding.ts'
import type { BindingOptions } from './options.ts'

/** A binding that was added while the server runs, as it was written. */
export interface StoredBinding {
  readonly id: string
  readonly options: BindingOptions
  /** milliseconds since the epoch */
  readonly created: number
}

/** Where bindings live that stand in no configuration. One contract suite holds every kind. */
export interface BindingStore {
  /** the bindings that look for any of these, by one indexed query however many bindings there are */
  find(selectors: readonly Selector[]): Promise<readonly StoredBinding[]>
  /** Throws ERR_BINDING_EXISTS when a binding looks for the same thing already, and what `compileBinding` throws. */
  add(options: BindingOptions): Promise<StoredBinding>
  /** false when there is none */
  remove(id: string): Promise<boolean>
  /** in the order in which they were added, at most `limit`, after the one called `after` */
  list(page?: { readonly after?: string; readonly limit?: number }): Promise<readonly StoredBinding[]>
}
