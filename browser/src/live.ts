// Keeps the part #live of a page as the server has it: quickly while something is unfinished, slowly else.
import htmx from "htmx.org";
import { fragment } from "./ask";
import { keepingFocus } from "./dom";
import { morph } from "./morph";
import { Pace } from "./pace";
import { changeWithin } from "./within";

const QUICK = 500;
const SLOW = 10_000;
const PART = 5; // at most such a part of the time goes by for it

export function keepFresh(root: HTMLElement): void {
  let took = 0;
  let shown = 0;
  const ask = async (): Promise<void> => {
    const begun = performance.now();
    const before = shown;
    const fresh = (await fragment(root.dataset.live ?? "")).getElementById("live");
    if (fresh && before === shown) show(root, fresh);
    took = performance.now() - begun;
  };
  const pace = new Pace(ask, () => ("unfinished" in root.dataset ? Math.max(QUICK, PART * took) : SLOW));
  pace.begin();
  changeWithin({
    show(live, fresh) {
      shown += 1;
      show(live, fresh);
      void pace.now();
    },
  });
}

function show(live: HTMLElement, fresh: HTMLElement): void {
  keepingFocus(() => morph(live, fresh));
  htmx.process(live);
}
