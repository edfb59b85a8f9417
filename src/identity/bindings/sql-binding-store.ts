import { randomUUID } from 'node:crypto'
import type { CompiledQuery, Kysely, Selectable } from 'kysely'
import type { Clock } from '../../clock.ts'
import { CodedError } from '../../errors.ts'
import { askTogether } from '../../storage/ask-together.ts'
import type { Schema } from '../../storage/schema.ts'
import { isStorable } from '../../storage/storable.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Selector, SelectorKind } from './binding.ts'
import type { BindingStore, StoredBinding } from './binding-store.ts'
import { compileBinding } from './compile-binding.ts'
import { bindingOptions } from './options.ts'
import { selectorKey } from './selector.ts'

const defaultPage = 1000

/** Bindings in the database. What another process changes is found by the next `find`, and announced by `Storage.changes`. */
export function createSqlBindingStore(storage: Storage, clock: Clock): BindingStore {
  const { db } = storage
  const findRows = createFindRows(db)
  return {
    async find(all) {
      const selectors = all.filter(({ value }) => isStorable(value))
      if (selectors.length === 0) return []
      const rows = await findRows(selectors)
      return rows.map(readRow)
    },

    async add(options) {
      const { selector, anchor = '', label } = compileBinding(options)
      const id = randomUUID()
      const created = clock.now()
      await storage.change('bindings', async transaction => {
        const same = transaction
          .selectFrom('bindings')
          .select('id')
          .where('kind', '=', selector.kind)
          .where('value', '=', selector.value)
          .where('anchor', '=', anchor)
          .where('tenant', '=', options.tenant)
        const earlier = await same.executeTakeFirst()
        if (earlier !== undefined) throw exists(label, earlier.id)
        const row = { id, tenant: options.tenant, ...selector, anchor, options: JSON.stringify(options), created }
        await transaction.insertInto('bindings').values(row).execute()
      })
      return { id, label, options, created }
    },

    async remove(id) {
      return storage.change('bindings', async transaction => {
        const rows = transaction.selectFrom('bindings').selectAll().where('id', '=', id)
        const row = await rows.executeTakeFirst()
        if (row === undefined) return undefined
        await transaction.deleteFrom('bindings').where('id', '=', id).execute()
        return { label: labelOf(row), tenant: row.tenant }
      })
    },

    async list({ after, limit = defaultPage } = {}) {
      const page = db
        .selectFrom('bindings')
        .select(['id', 'options', 'created'])
        .orderBy('created')
        .orderBy('id')
        .limit(limit)
      if (after === undefined) return (await page.execute()).map(readRow)
      const last = await db.selectFrom('bindings').select(['id', 'created']).where('id', '=', after).executeTakeFirst()
      if (last === undefined) return []
      const rest = page.where(({ or, and, eb }) =>
        or([eb('created', '>', last.created), and([eb('created', '=', last.created), eb('id', '>', last.id)])]),
      )
      return (await rest.execute()).map(readRow)
    },
  }
}

type Row = Pick<Selectable<Schema['bindings']>, 'id' | 'options' | 'created'>

interface FoundRow extends Row {
  readonly kind: string
  readonly value: string
}

/** The rows that look for any of the selectors, in the order in which they were added. */
function createFindRows(db: Kysely<Schema>): (selectors: readonly Selector[]) => Promise<FoundRow[]> {
  const findQuery = createFindQuery(db)
  return askTogether(async questions => {
    const all = [...new Map(questions.flat().map(selector => [selectorKey(selector), selector])).values()]
    let rows: readonly FoundRow[] = []
    for (let from = 0; from < all.length; from += mostAtOnce) {
      const part = await db.executeQuery(findQuery(all.slice(from, from + mostAtOnce)))
      rows = rows.concat(part.rows)
    }
    const found = Map.groupBy(rows, ({ kind, value }) => selectorKey({ kind: kind as SelectorKind, value }))
    return questions.map(selectors =>
      [...new Set(selectors.map(selectorKey))].flatMap(key => found.get(key) ?? []).toSorted(byAge),
    )
  })
}

/** SQLite takes 32,766 parameters, and PostgreSQL twice as many. */
const mostAtOnce = 10_000

function byAge(one: Row, other: Row): number {
  return one.created - other.created || (one.id < other.id ? -1 : 1)
}

/** Certificates ask for the same few shapes of selectors: each is put into words once, which costs more than the look-up itself. */
function createFindQuery(db: Kysely<Schema>): (selectors: readonly Selector[]) => CompiledQuery<FoundRow> {
  const shapes = new Map<string, CompiledQuery<FoundRow>>()
  return selectors => {
    const kinds = byKind(selectors)
    const shape = kinds.map(([kind, values]) => `${kind} ${values.length}`).join()
    let query = shapes.get(shape)
    if (query === undefined) {
      query = db
        .selectFrom('bindings')
        .select(['id', 'options', 'created', 'kind', 'value'])
        .where(({ or, and, eb }) =>
          or(kinds.map(([kind, values]) => and([eb('kind', '=', kind), eb('value', 'in', values)]))),
        )
        .compile()
      // those of many certificates at once hardly come again
      if (shapes.size < maxShapes && selectors.length <= largestShape) shapes.set(shape, query)
    }
    return { ...query, parameters: kinds.flatMap(([kind, values]) => [kind, ...values]) }
  }
}

const maxShapes = 200
const largestShape = 20

function byKind(selectors: readonly Selector[]): [string, string[]][] {
  const kinds = Map.groupBy(selectors, ({ kind }) => kind)
  return [...kinds].map(([kind, of]) => [kind, of.map(({ value }) => value)])
}

// Rows are read as strictly as the configuration is: a damaged one, or one of a later version, binds nobody.
function readRow({ id, options, created }: Row): StoredBinding {
  try {
    const read = bindingOptions.parse(JSON.parse(options))
    return { id, label: compileBinding(read).label, options: read, created }
  } catch (cause) {
    throw new CodedError('ERR_BINDING_STORED', `the stored binding ${id} cannot be read`, {
      remedy: `Remove it (countersign binding remove ${id}) and add it anew.`,
      cause,
    })
  }
}

function labelOf(row: Row & { kind: string; value: string }): string {
  try {
    return readRow(row).label
  } catch {
    return `${row.kind} ${row.value}`
  }
}

function exists(label: string, id: string): CodedError {
  return new CodedError('ERR_BINDING_EXISTS', `there is a binding for ${label} already (${id})`, {
    remedy: `Remove it first (countersign binding remove ${id}), and name all users in the new one, the default first.`,
  })
}
