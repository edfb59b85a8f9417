import type { BindingStore, StoredBinding } from './binding-store.ts'

/** All of them, page by page, in the order in which they were added. */
export async function* everyBinding(store: BindingStore): AsyncGenerator<StoredBinding> {
  for (let after: string | undefined; ; ) {
    const page = await store.list({ limit: 1000, after })
    yield* page
    after = page.at(-1)?.id
    if (after === undefined) return
  }
}
