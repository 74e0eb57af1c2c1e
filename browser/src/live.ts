// Keeps the part #live of a page as the server has it: quickly while something is unfinished, slowly else.
import htmx from "htmx.org";
import { fragment } from "./ask";
import { find, keepingFocus } from "./dom";
import { morph } from "./morph";
import { Pace } from "./pace";
import { changeWithin } from "./within";

const QUICK = 500;
const SLOW = 10_000;
const PART = 5; // at most such a part of the time goes by for it

export function keepFresh(root: HTMLElement): void {
  let took = 0;
  const ask = async (): Promise<void> => {
    const begun = performance.now();
    const fresh = (await fragment(root.dataset.live ?? "")).getElementById("live");
    if (fresh) show(root, fresh);
    htmx.process(root);
    took = performance.now() - begun;
  };
  new Pace(ask, () => ("unfinished" in root.dataset ? Math.max(QUICK, PART * took) : SLOW)).begin();
  changeWithin((live, fresh) => show(live, find(fresh, "#live")));
}

function show(live: HTMLElement, fresh: HTMLElement): void {
  keepingFocus(() => morph(live, fresh));
}
