/**
 * Where a worker thread's program is: beside the caller, with the caller's own ending, so that a checkout runs its
 * sources and the published package its compiled files.
 * @param callerUrl `import.meta.url` of the caller
 */
export function workerEntry(name: string, callerUrl: string): URL {
  const ending = callerUrl.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./${name}.${ending}`, callerUrl)
}
