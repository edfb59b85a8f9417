import { throttleContract } from '../../../contract/throttle.ts'
import { sqliteDatabases } from '../../../support/storages.ts'

throttleContract('sqlite', sqliteDatabases())
