// Run it with the home that `countersign dev` makes:  node server.ts .countersign/countersign.yaml
import { countersign } from 'countersign/node'

const [config = '.countersign/countersign.yaml', port = '9444'] = process.argv.slice(2)
const auth = await countersign({ config })
const server = auth.createServer((request, response) => {
  response.end(`hello ${request.principal.user}\n`)
})
server.listen(Number(port), () => console.log(server.address()))

auth.on('refused', ({ code, detail }) => console.log(`refused: ${code} (${detail})`))
process.once('SIGTERM', () => auth.close())
