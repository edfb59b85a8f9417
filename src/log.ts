import { type DestinationStream, pino } from 'pino'

/** The part of pino's interface that the rooms use: fields first, then a sentence. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/**
 * One JSON object a line, each with what is in `base`. Fields that could carry a secret are cut out whatever room wrote them
 * (invariant 9).
 */
export function createLog(level: LogLevel, destination?: DestinationStream, base: object | null = null): Log {
  const names = [
    'password',
    'passwordHash',
    'key',
    'privateKey',
    'authorization',
    'cookie',
    'secret',
    'token',
    'assertion',
  ]
  const options = {
    level,
    base,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: [...names, ...names.map(name => `*.${name}`)], censor: '[redacted]' },
  }
  return destination ? pino(options, destination) : pino(options, pino.destination({ dest: 2, sync: true }))
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
