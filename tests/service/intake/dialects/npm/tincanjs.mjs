import { strict as assert } from 'node:assert'
import { promisify } from 'node:util'
import TinCan from 'tincanjs'

const [endpoint, key, timestamp, course] = process.argv.slice(2)
const learner = (number) => ({ account: { homePage: 'https://lms.example.org', name: `p${number}` } })
function said(number, name, more, how) {
  const verb = { id: `http://adlnet.gov/expapi/verbs/${name}`, display: { 'en-US': name } }
  const target = { id: course, definition: { name: { 'en-US': 'Basics' } } }
  return new TinCan.Statement({ actor: learner(number), verb, target, timestamp, ...more }, how)
}
for (const [version, stored] of [['1.0.2', 4], ['1.0.1', 9]]) {
  const lrs = new TinCan.LRS({ endpoint, username: 'learning', password: key, version })
  // Its callbacks are given the status as an error.
  const ask = (name, what, more) =>
    promisify((done) => lrs[name](what, { ...more, callback: (status, answer) => done(status, answer) }))()
  const query = (params) => promisify((done) => lrs.queryStatements({ params, callback: done }))()
  assert((await promisify((done) => lrs.about({ callback: done }))()).version.includes(version))

  // Every statement is given an id, and put under it, unless it is told not to.
  const begun = said(1, 'initialized')
  for (const one of [begun, begun]) await ask('saveStatement', one)
  const unnamed = said(2, 'completed', {}, { doStamp: false })
  assert.equal(JSON.parse((await ask('saveStatement', unnamed)).responseText).length, 1)
  const passed = [3, 4].map((number) => said(number, 'passed', { result: { score: { scaled: 0.9 } } }))
  for (const some of [passed, passed]) await ask('saveStatements', some)

  assert.equal((await ask('retrieveStatement', begun.id)).actor.account.name, 'p1')
  const { actor: agent, verb, target: activity } = passed[0]
  assert((await query({ agent, verb, activity })).statements.some((one) => one.id === passed[0].id))
  let page = await query({ limit: 3, ascending: true })
  let seen = page.statements.length
  while (page.more) {
    page = await promisify((done) => lrs.moreStatements({ url: page.more, callback: done }))()
    seen += page.statements.length
  }
  assert.equal(seen, stored)

  const mistaken = said(5, 'failed')
  const takenBack = said(5, 'voided', { target: { objectType: 'StatementRef', id: mistaken.id } })
  for (const one of [mistaken, takenBack]) await ask('saveStatement', one)
  assert.equal((await ask('retrieveVoidedStatement', mistaken.id)).id, mistaken.id)
  await assert.rejects(ask('saveStatement', said(1, 'failed', { id: begun.id })), /409/)
}
