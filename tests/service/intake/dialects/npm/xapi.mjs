import { strict as assert } from 'node:assert'
import { randomUUID } from 'node:crypto'
import XAPI from '@xapi/xapi'

const [endpoint, key, timestamp, course, adapter] = process.argv.slice(2)
const { INITIALIZED, COMPLETED, PASSED, FAILED } = XAPI.Verbs
const learner = (number) => ({ account: { homePage: 'https://lms.example.org', name: `p${number}` } })
function said(number, verb, more) {
  const object = { objectType: 'Activity', id: course, definition: { name: { 'en-US': 'Basics' } } }
  return { id: randomUUID(), actor: learner(number), verb, object, timestamp, ...more }
}
for (const [version, stored] of [['1.0.3', 4], ['1.0.1', 9]]) {
  const lrs = new XAPI({ endpoint, auth: XAPI.toBasicAuth('learning', key), version, adapter })
  assert((await lrs.getAbout()).data.version.includes(version))

  const begun = said(1, INITIALIZED)
  for (const statement of [begun, begun]) {
    assert.deepEqual((await lrs.sendStatement({ statement })).data, [begun.id])
  }
  const { id: _, ...unnamed } = said(2, COMPLETED)
  assert.equal((await lrs.sendStatement({ statement: unnamed })).data.length, 1)
  const passed = [3, 4].map((number) => said(number, PASSED, { result: { score: { scaled: 0.9 } } }))
  for (const statements of [passed, passed]) {
    assert.deepEqual((await lrs.sendStatements({ statements })).data, passed.map((one) => one.id))
  }

  assert.equal((await lrs.getStatement({ statementId: begun.id })).data.actor.account.name, 'p1')
  const found = await lrs.getStatements({ agent: learner(3), verb: PASSED.id, activity: course })
  assert(found.data.statements.some((one) => one.id === passed[0].id))
  let { data } = await lrs.getStatements({ limit: 3, ascending: true })
  let seen = data.statements.length
  while (data.more) {
    data = (await lrs.getMoreStatements({ more: data.more })).data
    seen += data.statements.length
  }
  assert.equal(seen, stored)

  const mistaken = said(5, FAILED)
  await lrs.sendStatement({ statement: mistaken })
  await lrs.voidStatement({ actor: learner(5), statementId: mistaken.id })
  assert.equal((await lrs.getVoidedStatement({ voidedStatementId: mistaken.id })).data.id, mistaken.id)
  await assert.rejects(lrs.sendStatement({ statement: { ...begun, verb: FAILED } }), /409/)
}
