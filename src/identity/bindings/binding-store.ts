import type { Selector } from './binding.ts'
import type { BindingOptions } from './options.ts'

/** A binding that was added while the server runs, as it was written. */
export interface StoredBinding {
  readonly id: string
  /** what it looks for, in words an administrator recognises */
  readonly label: string
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
  /** What was removed; undefined when there is none. A binding that cannot be read any more can still be removed. */
  remove(id: string): Promise<(Pick<StoredBinding, 'label'> & { readonly tenant: string }) | undefined>
  /** in the order in which they were added, at most `limit`, after the one called `after` */
  list(page?: { readonly after?: string | undefined; readonly limit?: number }): Promise<readonly StoredBinding[]>
}
