import type { Call } from './call.ts'
import type { Fault } from './message/fault.ts'
import type { Fields, Type, ValuesOf, WritableOf } from './schema/type.ts'

/** A service as data: what it answers, what its WSDL says, who may call what, and how. */
export interface Service {
  readonly name: string
  /** one sentence, for the documentation */
  readonly summary: string
  /** of the elements of calls and answers */
  readonly namespace: string
  /** of the WSDL, where that is another one */
  readonly wsdlNamespace?: string
  /** whose users may call it: `default-tenant` is what WSO2 calls a super tenant service */
  readonly callers: 'every-tenant' | 'default-tenant'
  /** the element in which a failure is declared, and the one in it; both in `namespace` */
  readonly exception: DeclaredException
  readonly operations: ReadonlyMap<string, Operation>
}

export interface DeclaredException {
  /** with the name of the operation in front of it for those of `perOperation` */
  readonly element: string
  /** the operations that declare it, each an element of its own; undefined: all of them, as one */
  readonly perOperation?: readonly string[]
  readonly child: string
  readonly type: {
    readonly namespace: string
    readonly name: string
    /** the field that holds the message, where the type has one */
    readonly message?: string
    /** the type of that field; default: string */
    readonly messageType?: 'anyType'
    /** the namespace of an empty type of the same name that this one extends */
    readonly base?: string
  }
}

export interface Operation {
  readonly name: string
  readonly request: Fields
  /** undefined: void, which is answered 202 with nothing */
  readonly result: Type | undefined
  readonly access: OperationAccess
  /** `changes` is never done by GET */
  readonly effect: 'reads' | 'changes'
  /** how the WSDLs that clients were made from describe the messages, where that is not the usual way */
  readonly shape?: 'no-request-part' | 'empty-answer'
  run(request: never, call: Call): Promise<unknown> | unknown
}

/**
 * Permissions of which the caller has to hold one (for the action ui.execute), or `anonymous`: whoever can connect. An empty list would let
 * nobody in; a test holds that there is none.
 */
export type OperationAccess = readonly [string, ...string[]] | 'anonymous'

export interface OperationSource<F extends Fields, R extends Type | undefined> {
  readonly access: OperationAccess
  readonly effect: Operation['effect']
  readonly request?: F
  readonly result?: R
  readonly shape?: Operation['shape']
  run(request: ValuesOf<F>, call: Call): Outcome<R> | Promise<Outcome<R>>
}

type Outcome<R> = Fault | (R extends Type ? WritableOf<R> : undefined)

type NoFields = Readonly<Record<never, Type>>

/** Keeps together the types of what an operation is asked and what it answers. */
export function operation<const F extends Fields = NoFields, const R extends Type | undefined = undefined>({
  request,
  result,
  ...source
}: OperationSource<F, R>): Omit<Operation, 'name'> {
  return { ...source, request: request ?? {}, result, run: source.run as Operation['run'] }
}

/** The operations by their names. */
export function operations(named: Readonly<Record<string, Omit<Operation, 'name'>>>): Service['operations'] {
  return new Map(Object.entries(named).map(([name, one]) => [name, { ...one, name }]))
}

export function isFault(answer: unknown): answer is Fault {
  return typeof answer === 'object' && answer !== null && 'ok' in answer && answer.ok === false
}
