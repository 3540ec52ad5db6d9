import { z } from 'zod'
import { parseDuration } from '../../base/duration.ts'
import { messageOf } from '../../base/errors.ts'
import { NAME_PATTERN } from '../../events/limits.ts'

/* Kinds of values that several settings have. */

/** A text such as `90s`, read as ms. */
export const duration = (subject: string) =>
  z.string().transform((text, context) => {
    try {
      return parseDuration(text, subject)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
      return z.NEVER
    }
  })

export const symbol = z.string().regex(NAME_PATTERN, 'expected letters, digits and . _ : / - (at most 64)')

/** A base address; what it may look like is for the feed to say. */
export const baseUrl = z.string().min(1).max(2048)
