import { CodedError } from '../../errors.ts'
import { createLockStore } from '../../identity/revocation/locks.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit } from '../command.ts'
import { lockArgument, lockOptions, lockTarget } from '../lock-target.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['cert', 'unlock'],
  summary: 'Takes a lock off a certificate',
  description: 'Named in the way in which it was locked: `countersign cert locks` shows it.',
  arguments: lockArgument,
  options: lockOptions,
  examples: ['countersign cert unlock alice.crt', 'countersign cert unlock --issuer "CN=Clients CA" --serial 0a1b2c'],
  async run(ctx) {
    const { target, label } = await lockTarget(ctx)
    await administer(ctx, 'changes', async ({ storage, record }) => {
      if (!(await createLockStore(storage, ctx.clock).remove(target))) {
        throw new CodedError('ERR_LOCK_UNKNOWN', `${label} is not locked in this way`, {
          remedy: '`countersign cert locks` lists the locks; there may be one on its key, its number or its authority.',
        })
      }
      // `kind` is the kind of the record itself
      const { kind: by, value } = target
      record('certificate-lock-changed', { action: 'unlocked', by, value, label, reason: '' })
    })
    ctx.terminal.note(`Unlocked: ${plain(label)}.`)
    return exit.yes
  },
})
