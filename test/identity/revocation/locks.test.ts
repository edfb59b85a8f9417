import { lockContract } from '../../contract/locks.ts'
import { sqliteDatabases } from '../../support/storages.ts'

lockContract('sqlite', sqliteDatabases())
