import {
  type DataTypeNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  RawNode,
} from 'kysely'

/**
 * Makes columns of text, wherever a migration says `text`, such that they are put in the order of their code points. Under the rules of a
 * language, which depend on the server's libraries, pages would come in another order than from SQLite, and beginnings would not be ranges.
 */
export class ExactText implements KyselyPlugin {
  readonly #transformer = new TextTransformer()

  transformQuery({ node }: PluginTransformQueryArgs) {
    return this.#transformer.transformNode(node)
  }

  async transformResult({ result }: PluginTransformResultArgs) {
    return result
  }
}

class TextTransformer extends OperationNodeTransformer {
  protected override transformDataType(node: DataTypeNode): DataTypeNode {
    if (node.dataType !== 'text') return node
    // In the place of a type every node does that compiles to one.
    return RawNode.createWithSql('text collate "C"') as unknown as DataTypeNode
  }
}
