// No container engine here: the Containerfile is read, its copies and commands are done by hand in a folder, and what its image would
// start is started.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { before, suite, test } from 'node:test'
import { exampleCertificates, projectRoot, readExample, withValues, writeFiles } from '../support/example.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

interface Stage {
  readonly from: string
  readonly name: string | undefined
  readonly steps: readonly { readonly word: string; readonly rest: string }[]
}

function stagesOf(text: string): Stage[] {
  const stages: (Stage & { steps: { word: string; rest: string }[] })[] = []
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, word, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? assert.fail(line)
    const [, from, name] = (word === 'FROM' && /^(\S+)(?: AS (\S+))?$/.exec(rest!)) || []
    if (from !== undefined) stages.push({ from, name, steps: [] })
    else stages.at(-1)!.steps.push({ word: word!, rest: rest! })
  }
  return stages
}

suite('examples/container', () => {
  const stages = stagesOf(readExample('container/Containerfile'))
  const [build, image] = stages as [Stage, Stage]
  const values = (stage: Stage, word: string) => stage.steps.filter(step => step.word === word).map(step => step.rest)
  const root = scratchFolder()

  test('it stands on a Node that is new enough', () => {
    assert.deepEqual(
      stages.map(({ name }) => name),
      ['build', undefined],
    )
    const { engines } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'))
    for (const { from } of stages)
      assert.ok(Number(/node:(\d+)-/.exec(from)?.[1]) >= Number(/\d+/.exec(engines.node)?.[0]))
  })

  test('everything that it copies is there', () => {
    for (const stage of stages) {
      for (const copy of values(stage, 'COPY').filter(each => !each.startsWith('--from='))) {
        for (const source of copy.split(' ').slice(0, -1)) assert.ok(existsSync(join(projectRoot, source)), source)
      }
    }
  })

  test('its user is not root, and its data are its own', () => {
    const [user] = values(image, 'USER')
    const [uid] = user!.split(':')
    assert.ok(Number(uid) > 0)
    const [volume] = values(image, 'VOLUME')
    const [made] = values(image, 'RUN')
    assert.equal(made, `install --directory --owner=${uid} --group=${uid} --mode=0700 ${volume}`)
  })

  suite('what is in the image', () => {
    before(async () => {
      const made = await builtBy(build)
      for (const copy of values(image, 'COPY')) {
        const [target, ...sources] = copy.split(' ').toReversed()
        if (copy.startsWith('--from=build ')) {
          assert.equal(sources[0], target)
          cpSync(join(made, target!), join(root, target!), { recursive: true })
          continue
        }
        for (const source of sources) {
          const name = target!.endsWith('/') ? join(target!, source) : target!
          cpSync(join(projectRoot, source), join(root, name), { recursive: true })
        }
      }
    })

    test('it starts with a configuration beside it, is healthy, and writes to its volume alone', async () => {
      const { clients, server } = exampleCertificates()
      const etc = join(root, 'etc/countersign')
      const data = join(root, values(image, 'VOLUME')[0]!)
      mkdirSync(data, { recursive: true })
      const config = readFileSync(join(etc, 'countersign.yaml'), 'utf8')
      writeFiles(etc, {
        'countersign.yaml': withValues(config, {
          '/var/lib/countersign': data,
          'port: 9443': 'address: 127.0.0.1\n    port: 0',
          'port: 9990': 'port: 0',
        }),
        'server.pem': server.pem + server.keyPem,
        'clients.pem': clients.pem,
      })
      const before = listing(join(root, 'opt'), etc)
      const [program, ...words] = [...json(values(image, 'ENTRYPOINT')), ...json(values(image, 'CMD'))]
      assert.equal(program, 'node')
      const placed = words.map(word => (word.startsWith('/') ? join(root, word) : word))
      const child = spawn(process.execPath, placed, {
        cwd: data,
        // The user of the image has no home to keep compiled code in.
        env: { NODE_ENV: 'production', NODE_DISABLE_COMPILE_CACHE: '1' },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      try {
        assert.equal(await healthOf(child), 200)
      } finally {
        child.kill(/^SIG[A-Z]+$/.exec(values(image, 'STOPSIGNAL')[0]!)![0] as NodeJS.Signals)
        const [code] = await once(child, 'exit')
        assert.equal(code, 0)
      }
      assert.deepEqual(listing(join(root, 'opt'), etc), before)
      assert.ok(readdirSync(data).includes('countersign.db'))
    })
  })

  test('its health check asks where the configuration listens', () => {
    const [check] = values(image, 'HEALTHCHECK')
    assert.match(check!, /http:\/\/127\.0\.0\.1:9990\/readyz/)
    assert.match(readExample('container/countersign.yaml'), /management: \{ address: 127\.0\.0\.1, port: 9990 \}/)
  })
})

/** Does what the stage does, in a folder that stands for its root; what `npm ci` installs is linked. */
async function builtBy(stage: Stage): Promise<string> {
  const folder = scratchFolder()
  let at = folder
  for (const { word, rest } of stage.steps) {
    if (word === 'WORKDIR') {
      at = join(folder, rest)
      mkdirSync(at, { recursive: true })
    } else if (word === 'COPY') {
      const [target, ...sources] = rest.split(' ').toReversed()
      for (const source of sources)
        cpSync(join(projectRoot, source), join(at, target!.endsWith('/') ? join(target!, source) : target!), {
          recursive: true,
        })
    } else if (rest.startsWith('npm ci ')) {
      symlinkSync(join(projectRoot, 'node_modules'), join(at, 'node_modules'))
    } else {
      const [program = '', ...args] = rest.split(' ')
      const { code, stdout, stderr } = await run(program, args, { cwd: at, timeout: 180_000 })
      assert.equal(code, 0, stdout + stderr)
    }
  }
  return folder
}

function json([text]: readonly string[]): string[] {
  return JSON.parse(text!)
}

/** Every file with what tells that it was written to. */
function listing(...folders: readonly string[]): string[] {
  return folders.flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map(name => `${name} ${lstatSync(join(folder, name)).mtimeMs}`)
      .toSorted(),
  )
}

/** The status of `/healthz`, at the port that the process has open beside its listener. */
async function healthOf(child: ReturnType<typeof spawn>): Promise<number> {
  const lines: string[] = []
  for await (const line of createInterface(child.stderr!)) {
    lines.push(line)
    if (!line.includes('"the server is up"')) continue
    const port = managementPort(child.pid!, JSON.parse(line).listeners[0].port)
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).status
  }
  throw new Error(lines.join('\n'))
}

/** Linux tells in /proc which sockets of a process listen. */
function managementPort(pid: number, listener: number): number {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    }),
  )
  const rows = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .slice(1)
    .map(row => row.trim().split(/\s+/))
  const ports = rows
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''))
    .map(([, local]) => Number.parseInt(local!.split(':')[1]!, 16))
  return ports.find(port => port !== listener) ?? assert.fail('no management listener')
}
