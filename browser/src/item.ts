// One file on its way in.

export type State = "waiting" | "sending" | "stalled" | "paused" | "failed" | "lost";

export interface Found {
  file: File;
  path: string; // below the folder that was dropped or chosen; empty for a file alone
}

export interface Problem {
  title: string;
  detail: string;
}

export interface Item {
  key: string;
  name: string;
  path: string;
  size: number;
  modified: number;
  state: State;
  sent: number;
  meter: Meter;
  found?: Found; // not there for what was restored after a reload
  uppy?: string; // its name there, while it is there
  isOneOfMany?: boolean; // and so small that it is not kept for the time after a reload
  url?: string; // of what is left of it on the server after it could not be sent
  begun?: number; // when it was sent first
  isInDoubt?: boolean; // sent in one request, of which nobody knows whether it got through
  problem?: Problem;
  mark?: number; // where it goes on after an interruption: only what is beyond shows that it does
}

// How fast bytes went lately.
export class Meter {
  #samples: [at: number, bytes: number][] = [];

  add(bytes: number): void {
    const now = performance.now();
    const last = this.#samples.at(-1);
    if (last && now - last[0] < 200) last[1] = bytes;
    else this.#samples.push([now, bytes]);
    while (this.#samples.length > 2 && now - (this.#samples[1]?.[0] ?? now) > 4000) this.#samples.shift();
  }

  // Bytes a second, or 0 as long as nobody can tell.
  get speed(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last[0] - first[0] < 400) return 0;
    return Math.max(((last[1] - first[1]) * 1000) / (Math.max(performance.now() - 1000, last[0]) - first[0]), 0);
  }

  clear(): void {
    this.#samples = [];
  }
}

export function newItem(found: Found): Item {
  const { file, path } = found;
  return {
    key: keyOf(path, file.name, file.size, file.lastModified),
    name: file.name,
    path,
    size: file.size,
    modified: file.lastModified,
    state: "waiting",
    sent: 0,
    meter: new Meter(),
    found,
  };
}

export function keyOf(path: string, name: string, bytes: number, modified: number): string {
  return JSON.stringify([path, name, bytes, modified]);
}
