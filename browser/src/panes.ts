// Panes of a preview as tabs; without this script they stand one below the other.
import { said } from "./language";

export function foldPanes(within: HTMLElement): void {
  const panes = [...within.querySelectorAll<HTMLElement>(":scope > .pane")];
  if (panes.length < 2 || within.querySelector("[role=tablist]")) return;
  const list = document.createElement("div");
  list.className = "tabs";
  list.role = "tablist";
  list.ariaLabel = said("Ways to look at it");
  const tabs = panes.map((pane) => tabOf(pane));
  list.append(...tabs);
  within.prepend(list);
  const choose = (place: number, focus = true): void => {
    tabs.forEach((tab, number) => {
      tab.ariaSelected = String(number === place);
      tab.tabIndex = number === place ? 0 : -1;
      const pane = panes[number];
      if (pane) pane.hidden = number !== place;
    });
    if (focus) tabs[place]?.focus();
  };
  list.addEventListener("click", (event) => {
    const place = tabs.findIndex((tab) => event.target instanceof Node && tab.contains(event.target));
    if (place >= 0) choose(place);
  });
  list.addEventListener("keydown", (event) => {
    const now = tabs.findIndex((tab) => tab.ariaSelected === "true");
    const places: Record<string, number> = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: tabs.length - 1 };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    choose((place + tabs.length) % tabs.length);
  });
  choose(0, false);
}

function tabOf(pane: HTMLElement): HTMLButtonElement {
  const heading = pane.querySelector("h3");
  const tab = document.createElement("button");
  const name = document.createElement("bdi");
  name.textContent = heading?.textContent ?? "";
  tab.append(name);
  tab.type = "button";
  tab.role = "tab";
  tab.id = `${pane.id}-tab`;
  tab.setAttribute("aria-controls", pane.id);
  pane.role = "tabpanel";
  pane.setAttribute("aria-labelledby", tab.id);
  heading?.classList.add("unseen");
  return tab;
}
