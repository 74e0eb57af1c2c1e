// What a browser remembers for this page, where it does: people may keep it from that.

type Memory = "localStorage" | "sessionStorage";

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

// All whose key begins so and that tell of something.
export function forgetAll(memory: Memory, beginning: string, something: string): void {
  try {
    for (const [key, value] of Object.entries<string>(window[memory]))
      if (key.startsWith(beginning) && value.includes(something)) forget(memory, key);
  } catch {
    // there is nothing
  }
}
