// Run it with the home that `countersign dev` makes:  node server.ts .countersign/countersign.yaml
import { fastify } from 'fastify'
import { countersign } from 'countersign/fastify'

const [config = '.countersign/countersign.yaml', port = '9444'] = process.argv.slice(2)
const auth = await countersign({ config })
const app = fastify({ serverFactory: auth.serverFactory() })
await app.register(auth.plugin)
app.get('/', async request => `hello ${request.principal.user}\n`)
app.get('/orders', { onRequest: auth.require({ roles: ['buyer'] }) }, async request => {
  return { orders: [], for: request.principal.user }
})
await app.listen({ port: Number(port), host: '0.0.0.0' })
console.log(app.server.address())

process.once('SIGTERM', async () => {
  await app.close()
  await auth.close()
})
