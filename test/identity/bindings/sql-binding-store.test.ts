import { bindingStoreContract } from '../../contract/binding-store.ts'
import { sqliteDatabases } from '../../support/storages.ts'

bindingStoreContract('sqlite', sqliteDatabases())
