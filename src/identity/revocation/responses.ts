import type { Clock } from '../../clock.ts'
import type { OcspQuestion, OcspStatus, SourceFailure } from '../../pki/revocation/sources.ts'
import type { Fetcher } from './fetch.ts'
import type { ListFetched } from './lists.ts'

export interface ResponsesSource {
  readonly fetcher: Fetcher
  readonly clock: Clock
  readonly capacity: number
  readonly nonce: 'send' | 'omit'
  readonly configured: readonly string[]
  onWorse(): void
  onFetched(event: ListFetched): void
}

export class Responses {
  constructor(source: ResponsesSource) {
    void source
  }

  response(_: OcspQuestion): { answer: OcspStatus | undefined; failure: SourceFailure | undefined } {
    return { answer: undefined, failure: { why: 'not built', retryAt: Number.POSITIVE_INFINITY } }
  }

  async want(_: OcspQuestion): Promise<void> {}

  tick(): void {}

  stop(): void {}
}
