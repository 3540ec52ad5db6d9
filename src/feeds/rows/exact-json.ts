/** A number of a JSON text, kept as it is written: as a double it would lose digits. */
export class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** `JSON.parse` with every number as a NumberText. @throws SyntaxError as `JSON.parse` does */
export function parseExactJson(text: string): unknown {
  // The third argument (the source text) is newer than the type of JSON.parse.
  const revive = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' ? new NumberText(context?.source ?? String(value)) : value
  return JSON.parse(text, revive)
}
