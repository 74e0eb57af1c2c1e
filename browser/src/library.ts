// The list, alive: it follows what happens, goes on as one scrolls, and is used by the keyboard.
import { Choosing } from "./choosing";
import { Follower } from "./follow";
import { useKeys } from "./keys";
import { Pace } from "./pace";
import { comeBack } from "./place";
import { loadAsOneScrolls } from "./scroll";

let pace: Pace;

export function enliven(addresses: DOMStringMap): void {
  const follower = new Follower(addresses);
  pace = new Pace(() => follower.look(), () => follower.pause());
  pace.begin();
  comeBack();
  loadAsOneScrolls();
  useKeys(new Choosing());
}

// Something has happened that this page knows of: look at once.
export function refresh(): Promise<void> {
  return pace.now();
}
