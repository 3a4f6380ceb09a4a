import { Analytics } from '@segment/analytics-node'

const [host, writeKey, instant] = process.argv.slice(2)
const analytics = new Analytics({ host, writeKey, flushAt: 50, maxRetries: 0 })
analytics.on('error', (error) => {
  console.error(error)
  process.exitCode = 1
})
const timestamp = new Date(instant)
for (let number = 0; number < 120; number++) {
  const userId = `p${(number % 12) + 1}`
  analytics.track({ userId, event: 'asked', properties: { colour: 'blue' }, messageId: `m${number}`, timestamp })
}
analytics.identify({ userId: 'somebody', traits: { email: 'p2@example.org' } })
analytics.alias({ previousId: 'visitor', userId: 'p3' })
analytics.page({ userId: 'p4', name: 'start', messageId: 'page', timestamp })
analytics.group({ userId: 'p5', groupId: 'team-a' })
await analytics.closeAndFlush()
