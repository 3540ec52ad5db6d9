import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVENT_TIME_MAX_US } from '../../events/limits.ts'
import { epochUsFromBytes, eventTimeUsFromText } from './epoch-time.ts'

const epochUs = (text: string) => epochUsFromBytes(new TextEncoder().encode(text), 0, text.length)

describe('times since the epoch', () => {
  it('are told apart by magnitude: s, ms, µs and ns', () => {
    expect(epochUs('1723161255')).toBe(1723161255000000)
    expect(epochUs('1723161255088')).toBe(1723161255088000)
    expect(epochUs('1723161255088176')).toBe(1723161255088176)
    expect(epochUs('1723161255088176367')).toBe(1723161255088176)
  })

  it('keep µs of a fraction and cut off what is finer', () => {
    expect(epochUs('1633998512.0633569')).toBe(1633998512063356)
    expect(epochUs('1633998512.86375')).toBe(1633998512863750)
    expect(epochUs('1723161255088.5')).toBe(1723161255088500)
    expect(epochUs('1723161255088176.9')).toBe(1723161255088176)
    expect(epochUs('0')).toBe(0)
  })

  it('of the year 9999 are refused in every unit, not misread as another unit', () => {
    for (const text of ['253402300799', '253402300799000', '253402300799000000', '253402300799000000000']) {
      expect(epochUs(text)).toBeNaN()
    }
  })

  it('refuse what is no time', () => {
    for (const text of [
      '',
      '-1',
      '1e9',
      '.5',
      '1.2.3',
      'abc',
      '0001723161255088',
      '4102444800',
      '99999999999999999999',
    ]) {
      expect(epochUs(text)).toBeNaN()
    }
  })
})

describe('ISO 8601', () => {
  it('keeps µs and cuts off what is finer', () => {
    expect(eventTimeUsFromText('2024-08-08T23:54:15.088176Z')).toBe(1723161255088176)
    expect(eventTimeUsFromText('2024-08-08T23:54:15.088176999Z')).toBe(1723161255088176)
    expect(eventTimeUsFromText('2024-08-08 23:54:15')).toBe(1723161255000000)
    expect(eventTimeUsFromText('2024-08-08')).toBe(1723075200000000)
  })

  it('understands zones', () => {
    expect(eventTimeUsFromText('2024-08-09T01:54:15+02:00')).toBe(1723161255000000)
    expect(eventTimeUsFromText('2024-08-09 01:54:15+02')).toBe(1723161255000000)
    expect(eventTimeUsFromText('2024-08-08T18:24:15-0530')).toBe(1723161255000000)
  })

  it('refuses the years 1 and 9999, days that do not exist and other texts', () => {
    const refused = ['0001-01-01', '9999-12-31T23:59:59Z', '2024-02-30', '2024-13-01', '1969-12-31', '2100-01-01']
    for (const text of [...refused, '2024-08-08T24:00:00', '2024-08-08T10:60', 'NaN', 'null', '8/8/2024', '0']) {
      if (text !== '0') expect(eventTimeUsFromText(text)).toBeNaN()
    }
  })

  it('agrees with Date on every ms of the range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: EVENT_TIME_MAX_US / 1000 - 1 }), (timeMs) => {
        expect(eventTimeUsFromText(new Date(timeMs).toISOString())).toBe(timeMs * 1000)
      }),
    )
  })
})
