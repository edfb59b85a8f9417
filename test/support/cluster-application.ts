// An application of two processes that share a port, as its maker would write it. Told by IPC what to read; ends with its parent.
import cluster from 'node:cluster'
import { countersign } from '../../src/library/node.ts'

const [config = '', port = '0'] = process.argv.slice(2)
if (cluster.isPrimary) {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const workers = [cluster.fork(), cluster.fork()]
  let ready = 0
  for (const worker of workers) worker.once('listening', () => ++ready === workers.length && process.send?.('ready'))
  process.once('disconnect', () => {
    for (const worker of workers) worker.send('end')
  })
} else {
  const auth = await countersign({ config })
  auth
    .createServer((request, response) => response.end(`${request.principal.user} ${process.pid}`))
    .listen(Number(port), '127.0.0.1')
  process.once('message', async () => {
    await auth.close()
    process.exit()
  })
}
