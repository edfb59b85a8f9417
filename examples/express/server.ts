// Run it with the home that `countersign dev` makes:  node server.ts .countersign/countersign.yaml
import express from 'express'
import { countersign } from 'countersign/express'

const [config = '.countersign/countersign.yaml', port = '9444'] = process.argv.slice(2)
const auth = await countersign({ config })
const app = express()
app.get('/', (request, response) => {
  response.send(`hello ${request.principal.user}\n`)
})
app.get('/orders', auth.require({ roles: ['buyer'] }), (request, response) => {
  response.json({ orders: [], for: request.principal.user })
})
const server = auth.createServer(app).listen(Number(port), () => console.log(server.address()))

process.once('SIGTERM', () => auth.close())
