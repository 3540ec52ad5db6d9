/** What stands where a key was. */
const REDACTED = '***'

/** "We have detected your API key as XXXX and our standard API rate limit is …". */
const ECHO_PATTERN = /(API key as )\S+/gi
const QUERY_PATTERN = /(apikey=)[^&\s"']+/gi

/** Takes the key out of texts, in any case and also where the vendor or an error echoes a part of the address. */
export class KeyRedactor {
  readonly #pattern: RegExp

  /** @param key letters, digits, `_` and `-` only: it means itself in a pattern and in an address */
  constructor(key: string) {
    this.#pattern = new RegExp(key, 'gi')
  }

  redact(text: string): string {
    return text
      .replace(this.#pattern, REDACTED)
      .replace(ECHO_PATTERN, `$1${REDACTED}`)
      .replace(QUERY_PATTERN, `$1${REDACTED}`)
  }
}
