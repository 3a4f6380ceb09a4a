import { PostHog } from 'posthog-node'

const [host, key, instant] = process.argv.slice(2)
const client = new PostHog(key, { host, flushAt: 50, fetchRetryCount: 0 })
function failed(error) {
  console.error(error)
  process.exitCode = 1
}
client.on('error', failed)
const timestamp = new Date(instant)
const uuid = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
for (let number = 0; number < 120; number++) {
  const distinctId = `p${(number % 12) + 1}`
  client.capture({ distinctId, event: 'asked', properties: { colour: 'blue' }, timestamp, uuid: uuid(number) })
}
client.capture({ distinctId: 'p4', event: '$pageview', timestamp, uuid: uuid(120) })
client.identify({ distinctId: 'somebody', properties: { email: 'p2@example.org' } })
client.alias({ distinctId: 'p3', alias: 'visitor' })
client.groupIdentify({ groupType: 'team', groupKey: 'a', properties: { size: 12 } })
if (await client.isFeatureEnabled('new-editor', 'p6')) failed('a flag is on')
await client.shutdown()
