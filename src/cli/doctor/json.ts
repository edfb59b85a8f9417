import type { Diagnosis } from '../../diagnosis/diagnose.ts'
import { alerts } from '../../diagnosis/handshake/numbers.ts'
import { suiteName } from '../../diagnosis/handshake/suites.ts'
import { targetText } from '../../diagnosis/target.ts'
import { certificateIdentity } from '../certificate-summary.ts'
import { verdictJson } from '../verdict-output.ts'

/** The diagnosis as `--json` shows it. */
export function diagnosisJson(diagnosis: Diagnosis, { trust }: { trust: string }) {
  const { target, cause } = diagnosis
  return {
    target: targetText(target),
    name: target.name,
    healthy: cause === undefined,
    cause: cause ?? null,
    server: serverJson(diagnosis, trust),
    client: clientJson(diagnosis),
    handshake: handshakeJson(diagnosis),
  }
}

function clientJson({ identity, client = [] }: Diagnosis) {
  if (identity === undefined) return null
  return {
    chain: [identity.certificate, ...identity.intermediates].map(certificateIdentity),
    checks: client.map(({ check, fits, text }) => ({ check, fits: fits ?? null, text })),
  }
}

function serverJson({ conversation, server, taken }: Diagnosis, trust: string) {
  const { address, flight } = conversation
  const { request, complete } = flight
  return {
    address: address ?? null,
    takes: taken,
    chain: server?.chain.map(certificateIdentity) ?? [],
    names: server?.names ?? [],
    nameFits: server?.nameFits ?? null,
    judgedBy: trust,
    verdict: server?.verdict === undefined ? null : verdictJson(server.verdict),
    // null: it asks for none. `unseen` is another answer.
    certificateRequest: complete
      ? request === undefined
        ? null
        : {
            authorities: request.authorities.map(String),
            algorithms: request.algorithms,
            types: request.types ?? null,
          }
      : 'unseen',
  }
}

function handshakeJson({ conversation }: Diagnosis) {
  const { agreed, failure, answer, flight } = conversation
  const alert = failure?.alert
  return {
    protocol: agreed?.protocol ?? null,
    suite: agreed?.suite ?? (flight.hello === undefined ? null : suiteName(flight.hello.suite)),
    done: agreed !== undefined,
    failure:
      failure === undefined
        ? null
        : {
            stage: failure.stage,
            kind: failure.kind,
            message: failure.message,
            alert: alert === undefined ? null : { number: alert, ...alerts.get(alert) },
          },
    answer:
      answer === undefined
        ? null
        : { status: answer.status, problem: answer.problem ?? null, whoami: answer.whoami ?? null },
  }
}
