// What an application may name, whichever of the three entries it uses.
export type { Principal } from '../identity/authn/authenticator.ts'
export type { Problem } from '../server/http/problem.ts'
export type { AccessOptions } from './access-options.ts'
export type { AuthOptions } from './auth.ts'
export type { Client, Identified } from './desk.ts'
export type { AuthEvents, Ended, Granted, Refused } from './events.ts'
export type { RefuseWith, Told } from './refusal.ts'
export type { ProtectOptions, ServerOptions } from './server-options.ts'
