const SAMPLE_EVERY_MS = 100
const MEGABYTE = 1e6

/** Watches what this process takes: the most memory at any sample, and processor time. */
export class ResourceWatch {
  readonly #startMs = performance.now()
  readonly #startCpu = process.cpuUsage()
  readonly #timer: NodeJS.Timeout
  #rssMaxBytes = 0

  constructor() {
    this.#timer = setInterval(() => {
      this.#rssMaxBytes = Math.max(this.#rssMaxBytes, process.memoryUsage.rss())
    }, SAMPLE_EVERY_MS)
  }

  stop(): { readonly rssMaxMegabytes: number; readonly cores: number } {
    clearInterval(this.#timer)
    const { user, system } = process.cpuUsage(this.#startCpu)
    return {
      rssMaxMegabytes: this.#rssMaxBytes / MEGABYTE,
      cores: (user + system) / 1000 / (performance.now() - this.#startMs),
    }
  }
}
