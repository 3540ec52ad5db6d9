import { FRAUD_KINDS, type FraudKind } from '../../events/payment.ts'
import { mix, unit } from './mix.ts'

/** The laundering patterns of AMLSim (IBM, "AMLSim: a multi-agent simulator of anti-money-laundering data", 2018). */
export type LaunderingKind = Extract<
  FraudKind,
  'fan-in' | 'fan-out' | 'cycle' | 'scatter-gather' | 'gather-scatter' | 'bipartite' | 'stack' | 'random'
>

/** One transfer of a ring: members are numbered from 0, `weight` is a part of the ring's sum per transfer. */
export interface LaunderingTransfer {
  from: number
  to: number
  weight: number
}

/** Kinds before this one in FRAUD_KINDS are of cards or one account, the others are rings of laundering. */
const FIRST_LAUNDERING = FRAUD_KINDS.indexOf('fan-in')
/** Part of the money it got that an account passes on. */
const PASSED_ON = 0.96

export function isLaundering(kindIndex: number): boolean {
  return kindIndex >= FIRST_LAUNDERING
}

/** Transfers of a ring of so many accounts. */
export function transferCountOf(kind: LaunderingKind, size: number): number {
  const half = Math.floor(size / 2)
  const third = Math.floor(size / 3)
  switch (kind) {
    case 'fan-in':
    case 'fan-out':
    case 'gather-scatter':
      return size - 1
    case 'cycle':
    case 'random':
      return size
    case 'scatter-gather':
      return 2 * (size - 2)
    case 'bipartite':
      return half * (size - half)
    case 'stack':
      return third * third + third * (size - 2 * third)
  }
}

/**
 * The `step`-th transfer of a ring, in time order: money always arrives before it goes on.
 * @param ringHash makes rings of one size differ in weights and walks
 */
export function launderingTransfer(
  kind: LaunderingKind,
  size: number,
  step: number,
  ringHash: number,
  into: LaunderingTransfer,
): void {
  into.weight = weightOf(ringHash, step)
  switch (kind) {
    case 'fan-in':
      join(into, step + 1, 0)
      return
    case 'fan-out':
      join(into, 0, step + 1)
      return
    case 'cycle':
      into.weight = PASSED_ON ** step
      join(into, step, (step + 1) % size)
      return
    case 'scatter-gather':
      scatterGather(size, step, ringHash, into)
      return
    case 'gather-scatter':
      gatherScatter(size, step, ringHash, into)
      return
    case 'bipartite':
      bipartite(0, Math.floor(size / 2), size - Math.floor(size / 2), step, into)
      return
    case 'stack':
      stack(size, step, ringHash, into)
      return
    case 'random':
      into.weight = PASSED_ON ** step
      randomWalk(size, step, ringHash, into)
      return
  }
}

/** From 0.7 to 1.3. */
function weightOf(ringHash: number, part: number): number {
  return 0.7 + 0.6 * unit(mix(ringHash, part))
}

/** Of the weights of so many steps, from `first` on and so far apart. */
function weightSum(ringHash: number, first: number, count: number, stride: number): number {
  let sum = 0
  for (let at = 0; at < count; at++) sum += weightOf(ringHash, first + at * stride)
  return sum
}

function join(into: LaunderingTransfer, from: number, to: number): void {
  into.from = from
  into.to = to
}

/** Member 0 pays the middle men, each of them passes its part on to member 1. */
function scatterGather(size: number, step: number, ringHash: number, into: LaunderingTransfer): void {
  const middleCount = size - 2
  const middle = step % middleCount
  into.weight = weightOf(ringHash, middle)
  if (step < middleCount) {
    join(into, 0, 2 + middle)
    return
  }
  into.weight *= PASSED_ON
  join(into, 2 + middle, 1)
}

/** Member 0 gathers from one half of the others, and shares out among the other half, in equal parts. */
function gatherScatter(size: number, step: number, ringHash: number, into: LaunderingTransfer): void {
  const payerCount = Math.floor((size - 1) / 2)
  if (step < payerCount) {
    join(into, step + 1, 0)
    return
  }
  into.weight = (weightSum(ringHash, 0, payerCount, 1) * PASSED_ON) / (size - 1 - payerCount)
  join(into, 0, step + 1)
}

/** Every one of `leftCount` members, from `first` on, pays every one of the `rightCount` that follow them. */
function bipartite(first: number, leftCount: number, rightCount: number, step: number, into: LaunderingTransfer): void {
  join(into, first + Math.floor(step / rightCount), first + leftCount + (step % rightCount))
}

/** Two bipartite layers, one on top of the other: each member between them shares out what it got, in uneven parts. */
function stack(size: number, step: number, ringHash: number, into: LaunderingTransfer): void {
  const third = Math.floor(size / 3)
  const firstCount = third * third
  if (step < firstCount) {
    bipartite(0, third, third, step, into)
    return
  }
  const payeeCount = size - 2 * third
  bipartite(third, third, payeeCount, step - firstCount, into)
  const middle = into.from - third
  const got = weightSum(ringHash, middle, third, third)
  const parts = weightSum(ringHash, firstCount + middle * payeeCount, payeeCount, 1)
  into.weight *= (got * PASSED_ON) / parts
}

/** Each transfer goes from where the last one arrived to any other member. */
function randomWalk(size: number, step: number, ringHash: number, into: LaunderingTransfer): void {
  let from = 0
  let to = 0
  for (let at = 0; at <= step; at++) {
    from = to
    to = (from + 1 + (mix(ringHash, at + 1000) % (size - 1))) % size
  }
  join(into, from, to)
}
