import { CloudEvent, Mode, emitterFor, httpTransport } from 'cloudevents'

const [host, key, time] = process.argv.slice(2)
const transport = httpTransport(`${host}/v1/cloudevents`)
const emitters = [Mode.BINARY, Mode.STRUCTURED].map((mode) => emitterFor(transport, { mode }))
for (let number = 0; number < 120; number++) {
  const actor = `p${(number % 12) + 1}`
  const who = number < 60 ? { data: { actor, what: 'a question with ü' } } : { subject: actor, data: {} }
  const event = new CloudEvent({ id: `e${number}`, source: '/assistant', type: 'asked', time, ...who })
  const answer = await emitters[number % 2](event, { headers: { Authorization: `Bearer ${key}` } })
  // It calls every answer a success, but only a refusal has a body.
  if (answer.body !== '') throw new Error(answer.body)
}
