// Several tabs send at once, and each has a place of its own for what shall go on after a reload.
import { remember, remembered } from "./remembered";

const KEY = "filemill-slot";
const MOST = 32;
const PATIENCE = 3000;

// The tab's own place from before the reload, else the first that no other tab has.
export async function slot(): Promise<number> {
  const before = remembered("sessionStorage", KEY);
  if (!("locks" in navigator)) return take(Number(before) || MOST + Math.floor(Math.random() * 2 ** 32)); // for want of https
  // The page that goes holds its place a moment longer.
  if (before !== null && (await hold(Number(before), { signal: AbortSignal.timeout(PATIENCE) }))) return Number(before);
  for (let place = 0; place < MOST; place += 1) {
    if (await hold(place, { ifAvailable: true })) return take(place);
  }
  return MOST;
}

function take(place: number): number {
  remember("sessionStorage", KEY, String(place));
  return place;
}

function hold(place: number, options: LockOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const held = navigator.locks.request(`${KEY}-${place}`, options, (lock) => {
      resolve(lock !== null);
      return lock ? new Promise(() => {}) : undefined; // until the page goes
    });
    held.catch(() => resolve(false));
  });
}
