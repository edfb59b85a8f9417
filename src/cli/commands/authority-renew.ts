import { CodedError } from '../../errors.ts'
import { acceptRequest } from '../../pki/authority/accept-request.ts'
import { publishCrl } from '../../pki/authority/publish-crl.ts'
import { findEntry, readRegister } from '../../pki/authority/register.ts'
import { renewCertificate } from '../../pki/authority/renew.ts'
import { revokeCertificate } from '../../pki/authority/revoke.ts'
import {
  accessAuthority,
  authorityFolder,
  authorityOptions,
  certificateArgument,
  certificateNamed,
  readRequestFile,
} from '../authority-access.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { issuedFilesOptions, prepareIssuedFiles, tellIssued, writeIssuedFiles } from '../issued-files.ts'
import { daysOf, generateKey, keyTypes } from '../self-signed.ts'

const day = 86_400_000

export const command = defineCommand({
  name: ['authority', 'renew'],
  summary: 'Issues a certificate again, for the same names',
  description:
    'With a new key, unless --keep-key leaves the old one in place or --request hands in another. The old certificate stays good until it ends: --revoke-old ends it now.',
  arguments: certificateArgument,
  options: {
    days: { flags: '--days <N>', describe: 'validity, from now', default: '365' },
    keyType: { flags: '--key-type <TYPE>', describe: 'the kind of the new key', default: 'p-256', choices: keyTypes },
    keepKey: { flags: '--keep-key', describe: 'certify the old key again, and write PREFIX.crt only' },
    request: { flags: '--request <FILE>', describe: 'certify the key of this request, and write PREFIX.crt only' },
    revokeOld: { flags: '--revoke-old', describe: 'revoke the old certificate, and publish a new list' },
    ...issuedFilesOptions,
    ...authorityOptions,
    ...jsonOption,
  },
  examples: [
    'countersign authority renew alice.crt --out alice-2027 --password env:ALICE_PASSWORD',
    'countersign authority renew server.crt --keep-key --yes',
  ],
  async run(ctx) {
    const { days, keyType, keepKey, request, revokeOld, json } = ctx.options
    if (keepKey && request !== undefined) {
      throw new CodedError('ERR_CLI_USAGE', '--keep-key and --request cannot be given together')
    }
    const requested = request === undefined ? undefined : acceptRequest(await readRequestFile(ctx, request)).key
    const authority = await accessAuthority(ctx)
    const name = await certificateNamed(ctx, ctx.arguments.certificate)
    const old = findEntry(await readRegister(authority.folder), name)
    const makesKey = !keepKey && requested === undefined
    const files = await prepareIssuedFiles(ctx, () => ctx.arguments.certificate, makesKey)
    if (files === undefined) return exit.no
    const own = makesKey ? generateKey(keyType) : undefined
    const now = ctx.clock.now()
    const notBefore = Math.floor(now / 1000) * 1000 - 3_600_000
    const certificate = await renewCertificate(authority, {
      certificate: old.serialNumber,
      key: requested ?? own,
      notBefore,
      notAfter: notBefore + daysOf(days) * day,
    })
    await writeIssuedFiles(ctx, files, [certificate, authority.certificate], own)
    if (revokeOld) {
      await revokeCertificate(authority, { certificate: old.serialNumber, reason: 'superseded', at: now })
      await publishCrl(authority, { at: now, days: 7 })
      ctx.terminal.note(
        `Revoked serial number ${old.serialNumber}; the new list is ${await authorityFolder(ctx)}/ca.crl`,
      )
    }
    tellIssued(ctx, certificate, files, json)
    return exit.yes
  },
})
