import { createLockStore } from '../../identity/revocation/locks.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { lockArgument, lockOptions, lockTarget } from '../lock-target.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['cert', 'lock'],
  summary: 'Locks a certificate here, whatever its authority says',
  description:
    'It is refused with certificate_locked from then on, and open connections that rely on it are ended within a second. A lock beats every other rule: for pinned certificates, and for authorities with all that they issued.',
  arguments: lockArgument,
  options: {
    reason: { flags: '--reason <TEXT>', describe: 'why, for the list and the audit record', default: '' },
    ...lockOptions,
  },
  examples: [
    'countersign cert lock alice.crt --reason "laptop stolen"',
    'countersign cert lock 3f0a5c7e9b1d2f4a6c8e0b1d3f5a7c9e1b3d5f7a9c1e3b5d7f9a1c3e5b7d9f1a',
    'countersign cert lock --issuer "CN=Clients CA" --serial 0a1b2c',
    'countersign cert lock --public-key alice.crt',
  ],
  async run(ctx) {
    const { target, label } = await lockTarget(ctx)
    await administer(ctx, 'changes', async ({ storage, record }) => {
      await createLockStore(storage, ctx.clock).add(target, label, ctx.options.reason)
      // `kind` is the kind of the record itself
      const { kind: by, value } = target
      record('certificate-lock-changed', { action: 'locked', by, value, label, reason: ctx.options.reason })
    })
    ctx.terminal.note(`Locked: ${plain(label)}.`)
    return exit.yes
  },
})
