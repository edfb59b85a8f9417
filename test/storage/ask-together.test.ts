import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askTogether } from '../../src/storage/ask-together.ts'

function doubling(most?: number) {
  const batches: (readonly number[])[] = []
  const ask = askTogether(async (questions: readonly number[]) => {
    batches.push(questions)
    if (questions.includes(13)) throw new Error('unlucky')
    return questions.map(question => question * 2)
  }, most)
  return { batches, ask }
}

test('what is asked in one turn is asked at once, and each gets its own answer', async () => {
  const { ask, batches } = doubling()
  assert.deepEqual(await Promise.all([1, 2, 3].map(ask)), [2, 4, 6])
  assert.equal(await ask(4), 8)
  assert.deepEqual(batches, [[1, 2, 3], [4]])
})

test('those who waited for the same promise ask together, however many steps each of them takes', async () => {
  const { ask, batches } = doubling()
  const signal = Promise.resolve()
  const later = async (question: number) => {
    for (let i = 0; i < question; i++) await signal
    return ask(question)
  }
  assert.deepEqual(await Promise.all([1, 2, 3].map(later)), [2, 4, 6])
  assert.equal(batches.length, 1)
})

test('a question too many goes into the next one, and a failure is that of its own', async () => {
  const { ask, batches } = doubling(2)
  const answers = await Promise.allSettled([1, 2, 13, 4, 5].map(ask))
  assert.deepEqual(batches, [[1, 2], [13, 4], [5]])
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
  )
})
