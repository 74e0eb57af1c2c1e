// The list, alive: it follows what happens, goes on as one scrolls, and is used by the keyboard.
import { Choosing } from "./choosing";
import { find } from "./dom";
import { Follower } from "./follow";
import { useKeys } from "./keys";
import { countRows, show } from "./list";
import { Pace } from "./pace";
import { arrive, comeBack, followHistory, goTo } from "./place";
import { say, tell } from "./say";
import { loadAsOneScrolls } from "./scroll";
import { changeWithin } from "./within";
import { shown } from "./words";

let pace: Pace;

export function enliven(addresses: DOMStringMap): void {
  const follower = new Follower(addresses, find(document, "#live").dataset);
  pace = new Pace(() => follower.look(), () => follower.pause());
  pace.begin();
  comeBack();
  loadAsOneScrolls();
  useKeys(new Choosing());
  followHistory();
  changeWithin({
    goTo,
    show(live, fresh) {
      tell("");
      show(live, fresh);
      arrive();
      follower.beginAt(fresh.dataset);
      void pace.now();
      say(countRows() ? shown(countRows()) : (document.getElementById("empty")?.textContent ?? ""));
    },
  });
}

// Something has happened that this page knows of: look at once.
export function refresh(): Promise<void> {
  return pace.now();
}
