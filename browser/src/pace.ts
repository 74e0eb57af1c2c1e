// Asks again and again: not while the page is hidden, ever more rarely while the server is away, never twice at once.
const SLOWEST = 60_000;

export class Pace {
  #ask: () => Promise<void>;
  #pause: () => number;
  #timer = 0;
  #busy = false;
  #again = false;
  #failures = 0;

  constructor(ask: () => Promise<void>, pause: () => number) {
    this.#ask = ask;
    this.#pause = pause;
  }

  begin(): void {
    document.addEventListener("visibilitychange", () => void this.now());
    addEventListener("pageshow", (event) => event.persisted && void this.now());
    this.#plan();
  }

  async now(): Promise<void> {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    try {
      await this.#ask();
      this.#failures = 0;
    } catch {
      this.#failures += 1; // the server is away or restarts
    }
    this.#busy = false;
    if (this.#again) {
      this.#again = false;
      void this.now();
    } else this.#plan();
  }

  #plan(): void {
    this.#timer = setTimeout(() => void this.now(), Math.min(this.#pause() * 2 ** this.#failures, SLOWEST));
  }
}
