import type { Context, Reply } from './context.ts'
import type { Projection } from './resource/projection.ts'
import type { ResourceType } from './schema/attribute.ts'

/** What a request, or one operation of a bulk request, brings along. */
export interface Operation {
  readonly body: unknown
  readonly ifMatch: string | undefined
  readonly projection: Projection
  /** whether it is about the principal's own user, at `/Me` */
  readonly self: boolean
}

/** What can be done with the resources of one type. All throw ScimFault, and what the directory throws. */
export interface Resources {
  readonly type: ResourceType
  create(context: Context, operation: Operation): Promise<Reply>
  read(context: Context, id: string, operation: Operation): Promise<Reply>
  replace(context: Context, id: string, operation: Operation): Promise<Reply>
  patch(context: Context, id: string, operation: Operation): Promise<Reply>
  remove(context: Context, id: string, operation: Operation): Promise<Reply>
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Does what the method asks for, to one resource or, without an identifier, to the collection (POST). */
export function perform(
  resources: Resources,
  context: Context,
  method: Method,
  id: string | undefined,
  operation: Operation,
): Promise<Reply> {
  if (id === undefined) return resources.create(context, operation)
  switch (method) {
    case 'GET':
      return resources.read(context, id, operation)
    case 'PUT':
      return resources.replace(context, id, operation)
    case 'PATCH':
      return resources.patch(context, id, operation)
    case 'DELETE':
      return resources.remove(context, id, operation)
    case 'POST':
      throw new TypeError('POST is for the collection')
  }
}
