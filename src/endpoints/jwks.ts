import { sendAnswer } from '../server/http/answer.ts'
import type { Exchange } from '../server/http/exchange.ts'
import type { AssertionKeys } from './gateway/assertion/assertion-keys.ts'

/** `GET /.well-known/jwks.json`: the public keys behind `Countersign-Assertion`. Open to everyone. */
export function createJwks(keys: AssertionKeys): (exchange: Exchange) => void {
  return exchange => {
    sendAnswer(exchange, {
      status: 200,
      headers: {
        'Content-Type': 'application/jwk-set+json',
        // The next key stands in the list long before its first use, so a copy may be this old.
        'Cache-Control': 'public, max-age=300',
      },
      body: JSON.stringify({ keys: keys.published().map(key => key.publicJwk) }),
    })
  }
}
