// The list, alive: it follows what happens, goes on as one scrolls, and is used by the keyboard.
import { Choosing } from "./choosing";
import { Follower } from "./follow";
import { useKeys } from "./keys";
import { Pace } from "./pace";
import { countRows, show } from "./list";
import { arrive, comeBack } from "./place";
import { say } from "./say";
import { loadAsOneScrolls } from "./scroll";
import { changeWithin, followHistory } from "./within";
import { shown } from "./words";

let pace: Pace;

export function enliven(addresses: DOMStringMap): void {
  const follower = new Follower(addresses);
  pace = new Pace(() => follower.look(), () => follower.pause());
  pace.begin();
  comeBack();
  loadAsOneScrolls();
  useKeys(new Choosing());
  followHistory();
  changeWithin((live, fresh) => {
    show(live, fresh);
    if (!history.state) scrollTo(0, 0);
    arrive();
    say(countRows() ? shown(countRows()) : (document.getElementById("empty")?.textContent ?? ""));
  });
}

// Something has happened that this page knows of: look at once.
export function refresh(): Promise<void> {
  return pace.now();
}
