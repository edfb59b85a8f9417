/** Requests and tunnels of one route that are under way. */
export class Ongoing {
  // Not a Set: V8 makes it anew as elements come and go, each one is linked to its successor, and the first that grew old keeps all that
  // stood in those behind it from being collected early. Requests cost an eighth more by that.
  readonly #places: Place[] = []

  add(what: { destroy(): void }): Place {
    const place = { what, at: this.#places.length }
    this.#places.push(place)
    return place
  }

  /** A second time changes nothing. */
  delete(place: Place): void {
    const { at } = place
    if (at === -1) return
    place.at = -1
    const last = this.#places.pop()!
    if (last === place) return
    this.#places[at] = last
    last.at = at
  }

  destroyAll(): void {
    // Whoever ends takes itself out meanwhile.
    for (const { what } of [...this.#places]) what.destroy()
  }
}

/** Where something stands among those under way. */
export interface Place {
  readonly what: { destroy(): void }
  /** -1: no longer */
  at: number
}
