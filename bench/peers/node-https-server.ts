// Bare node:https: what Node itself costs. Asks for a certificate, reads it once per connection, answers as many bytes as Countersign.
import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'

const [folder = '.', bodyBytes = '300', workers = '1', socketPath = ''] = process.argv.slice(2)
const holder = Symbol('holder')
const clients = new Map<string, { readonly user: string; readonly assertion: string }>()

const server = createServer({
  key: readFileSync(`${folder}/server.key`),
  cert: readFileSync(`${folder}/server.crt`),
  ca: readFileSync(`${folder}/ca.crt`),
  requestCert: true,
  rejectUnauthorized: false,
  keepAliveTimeout: 60_000,
})
server.on('secureConnection', (socket: TLSSocket & { [holder]?: object }) => {
  const certificate = socket.getPeerX509Certificate()
  const identity = { subject: certificate?.subject, thumbprint: certificate?.fingerprint256, fill: '' }
  identity.fill = 'x'.repeat(Math.max(0, Number(bodyBytes) - JSON.stringify(identity).length))
  socket[holder] = identity
})
server.on('request', (request, response) => {
  if (request.url === '/auth/check') return void decide(request, response)
  const body = JSON.stringify((request.socket as TLSSocket & { [holder]?: object })[holder])
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
})

/** As little as a decision about a certificate in a header can be: it is looked up, and comes back with as much about it as Countersign says. */
function decide({ headers }: IncomingMessage, response: ServerResponse): void {
  const certificate = String(headers['x-ssl-client-cert'])
  const client = clients.getOrInsertComputed(certificate, () => ({ user: 'alice', assertion: 'x'.repeat(500) }))
  response.writeHead(200, {
    'X-Forwarded-User': client.user,
    'Client-Cert': certificate,
    'Countersign-Assertion': client.assertion,
    'Content-Length': 0,
  })
  response.end()
}

if (Number(workers) > 1 && cluster.isPrimary) {
  // Round-robin, which is the default, costs more.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  for (let i = 0; i < Number(workers); i++) cluster.fork()
  cluster.once('listening', (_worker, { port }) => process.send?.({ port }))
} else {
  // Where an nginx on the same machine asks without TLS.
  if (!cluster.isWorker) createPlainServer({ keepAliveTimeout: 60_000 }, decide).listen(socketPath)
  const onListening = () => process.send?.({ port: (server.address() as AddressInfo).port })
  server.listen(0, '127.0.0.1', cluster.isWorker ? undefined : onListening)
}
process.on('disconnect', () => process.exit())
