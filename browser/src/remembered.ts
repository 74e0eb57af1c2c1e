// What a browser remembers for this page, where it does: people may keep it from that.

type Memory = "localStorage" | "sessionStorage";

// Where it does not, it keeps no files either.
export function remembers(): boolean {
  try {
    return Boolean(window.localStorage);
  } catch {
    return false;
  }
}

export function remembered(memory: Memory, key: string): string | null {
  try {
    return window[memory].getItem(key);
  } catch {
    return null;
  }
}

export function remember(memory: Memory, key: string, value: string): void {
  try {
    window[memory].setItem(key, value);
  } catch {
    // then it is gone with the page
  }
}

export function forget(memory: Memory, key: string): void {
  try {
    window[memory].removeItem(key);
  } catch {
    // there is nothing
  }
}
