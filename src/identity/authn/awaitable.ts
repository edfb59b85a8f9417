/** The same where the answers come at once, and where another process gives them. */
export type Awaitable<T> = {
  readonly [K in keyof T as T[K] extends Method ? K : never]: T[K] extends (...values: infer V) => infer R
    ? (...values: V) => R | Promise<R>
    : never
}

type Method = (...values: never[]) => unknown
