// A web server on the loopback that says what a test wants, and counts who asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'

export type Page = Buffer | ((request: IncomingMessage, body: Buffer, response: ServerResponse) => void)

export interface Web {
  readonly port: number
  /** http://127.0.0.1:PORT */
  readonly url: string
  /** by path; anything else is 404 */
  readonly pages: Map<string, Page>
  /** `METHOD PATH` of every request so far */
  readonly asked: string[]
}

/** Call it at the top of the file: it ends when the file's tests are done. */
export async function web(): Promise<Web> {
  const pages = new Map<string, Page>()
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const body = Buffer.concat(await request.toArray())
    const path = request.url ?? ''
    const page =
      pages.get(path) ?? [...pages].find(([key]) => key.endsWith('*') && path.startsWith(key.slice(0, -1)))?.[1]
    if (page === undefined) response.writeHead(404).end()
    else if (Buffer.isBuffer(page)) response.end(page)
    else page(request, body, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}`, pages, asked }
}
