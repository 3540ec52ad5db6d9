import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ClientMessage } from '../../../src/protocol/live.ts'
import { SubscriptionSet } from './subscription-set.ts'

it('subscribes with the first user and unsubscribes with the last', () => {
  const set = new SubscriptionSet()
  set.add('quotes', ['AAPL'])
  set.add('quotes', ['AAPL', 'V'])
  expect(set.changes()).toEqual([{ type: 'subscribe', channel: 'quotes', symbols: ['AAPL', 'V'] }])
  set.remove('quotes', ['AAPL'])
  expect(set.changes()).toEqual([])
  set.remove('quotes', ['AAPL', 'V'])
  expect(set.changes()).toEqual([{ type: 'unsubscribe', channel: 'quotes' }])
})

it('says nothing where what one view gives back another takes in the same render', () => {
  const set = new SubscriptionSet()
  set.add('trades', ['V'])
  set.changes()
  set.remove('trades', ['V'])
  set.add('trades', ['V'])
  expect(set.changes()).toEqual([])
})

it('replaces a list by * and * by a list', () => {
  const set = new SubscriptionSet()
  set.add('alerts', ['V'])
  set.changes()
  set.add('alerts', '*')
  expect(set.changes()).toEqual([
    { type: 'unsubscribe', channel: 'alerts' },
    { type: 'subscribe', channel: 'alerts', symbols: '*' },
  ])
  set.remove('alerts', '*')
  expect(set.changes()).toEqual([
    { type: 'unsubscribe', channel: 'alerts' },
    { type: 'subscribe', channel: 'alerts', symbols: ['V'] },
  ])
})

it('says everything again after the connection was lost', () => {
  const set = new SubscriptionSet()
  set.add('quotes', ['AAPL'])
  set.changes()
  set.forgetSent()
  expect(set.changes()).toEqual([{ type: 'subscribe', channel: 'quotes', symbols: ['AAPL'] }])
})

it('expects data of the market, not of the alerts', () => {
  const set = new SubscriptionSet()
  set.add('alerts', '*')
  expect(set.expectsData).toBe(false)
  set.add('candles:1m', ['V'])
  expect(set.expectsData).toBe(true)
})

it('brings a server that only adds and takes away to what is wanted, whatever was asked for in between', () => {
  const filter = fc.oneof(fc.constant('*' as const), fc.uniqueArray(fc.constantFrom('A', 'B', 'C'), { minLength: 1 }))
  const steps = fc.array(fc.record({ filter, isRound: fc.boolean(), isRemoved: fc.boolean() }), { maxLength: 30 })
  fc.assert(
    fc.property(steps, (list) => {
      const set = new SubscriptionSet()
      const server = new Set<string>()
      const held: ('*' | string[])[] = []
      for (const step of list) {
        const dropped = step.isRemoved ? held.pop() : undefined
        if (dropped !== undefined) set.remove('quotes', dropped)
        else {
          held.push(step.filter)
          set.add('quotes', step.filter)
        }
        if (step.isRound) for (const message of set.changes()) apply(server, message)
      }
      for (const message of set.changes()) apply(server, message)
      const wanted = held.includes('*') ? ['*'] : [...new Set(held.flatMap((symbols) => [...symbols]))]
      expect([...server].sort()).toEqual(wanted.sort())
    }),
  )
})

function apply(server: Set<string>, message: ClientMessage): void {
  if (message.type === 'ping') return
  if (message.type === 'unsubscribe' && message.symbols === undefined) server.clear()
  else if (message.type === 'unsubscribe') for (const symbol of message.symbols ?? []) server.delete(symbol)
  else for (const symbol of message.symbols ?? []) server.add(symbol)
}
