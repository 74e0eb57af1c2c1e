// Where in the list somebody is: kept in the address and the history, so that going back or loading anew leads there.
import htmx from "htmx.org";
import { find } from "./dom";
import { boxes, idOf, isGrid, isPage, rowOf, rows } from "./list";

const NOTE_AFTER = 200;
const AGAIN_AFTER = 3000;
const NEAR = 2; // heights of the window
const FEW = "15"; // rows in a page while one scrolls: of more a slow browser would stumble
const isSizeChosen = new URLSearchParams(location.search).has("page_size");

interface Place {
  row: string;
  top: number;
}

const begun = new WeakMap<Element, string>(); // rows with which a page of the list begins, and its query
const live = (): HTMLElement => find(document, "#live");
let timer = 0;
let again = 0;
let asked = 0;
let here = location.search; // the query of the list that is shown, from the page on at which somebody is
let isAway = false; // the history is at another list than the page, until that has come

// The address of what is loaded, from its top on.
export function top(): string {
  return live().dataset.live ?? "";
}

// The part of the page at another place of the list.
export function addressOf(query: string): string {
  const address = new URL(query || "?", new URL(top(), location.href));
  if (!isSizeChosen) address.searchParams.set("page_size", FEW);
  return address.pathname + address.search;
}

// A query as people see it.
export function plain(address: string): string {
  const { searchParams } = new URL(address, location.href);
  if (!isSizeChosen) searchParams.delete("page_size");
  return searchParams.size ? `?${searchParams}` : "";
}

export function setTop(address: string): void {
  live().dataset.live = address;
}

export function begins(row: Element, query: string): void {
  begun.set(row, query);
}

export function isInView(row: Element): boolean {
  // Where rows are in a page that the browser skips, only the page knows its place.
  const pages: Element[] = [];
  for (let page = row.closest(".page:not(.tiles *)"); page && isPage(page); page = page.parentElement) pages.unshift(page);
  return (pages.length ? pages : [row]).every(isNear);
}

function isNear(box: Element): boolean {
  const { top, bottom } = box.getBoundingClientRect();
  return bottom > -innerHeight && top < NEAR * innerHeight;
}

export function atTop(): boolean {
  return scrollY < NEAR * innerHeight;
}

// The first row that is not above the window, or under what sticks to its top.
export function firstInView(): HTMLElement | undefined {
  const edge = document.querySelector(".top")?.getBoundingClientRect().bottom ?? 0;
  let box = firstBelow(isGrid() ? rows() : boxes(), Math.max(edge, 0));
  while (box && isPage(box)) box = firstBelow(boxes(box), Math.max(edge, 0));
  return box;
}

function firstBelow(all: readonly HTMLElement[], edge: number): HTMLElement | undefined {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.getBoundingClientRect().bottom ?? 0) > edge) high = middle;
    else low = middle + 1;
  }
  return all[low];
}

export function comeBack(): void {
  history.scrollRestoration = "manual";
  arrive(false);
  addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(note, NOTE_AFTER);
  });
}

// A link leads to another list, or to the top of this one.
export function goTo(address: string): void {
  note();
  if (address === location.href) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}

export function followHistory(): void {
  addEventListener("popstate", () => {
    if (location.search === here && !isAway) return;
    clearTimeout(timer);
    isAway = true;
    void ask();
  });
}

async function ask(): Promise<void> {
  clearTimeout(again);
  const mine = (asked += 1);
  await htmx.ajax("GET", location.pathname + location.search, { source: "#filters" });
  if (mine === asked) again = setTimeout(askAgain, AGAIN_AFTER);
}

// If the server was away; not while somebody follows a link instead.
function askAgain(): void {
  if (!isAway) return;
  if (document.querySelector(".htmx-request")) again = setTimeout(askAgain, AGAIN_AFTER);
  else void ask();
}

// Where somebody has been in the list that has just come.
export function arrive(isNew = true): void {
  const box = find<HTMLInputElement>(document, "#find");
  here = location.search;
  if (isAway || box !== document.activeElement) box.value = new URLSearchParams(here).get("name") ?? "";
  isAway = false;
  const first = rows()[0];
  if (first) begins(first, location.search);
  const { row = "", top: then = 0 } = (history.state ?? {}) as Partial<Place>;
  const there = rowOf(row);
  const go = (): void => {
    if (there?.isConnected) scrollBy(0, there.getBoundingClientRect().top - then);
  };
  if (!there && isNew) scrollTo(0, 0);
  go();
  twoFramesLater(go); // when the heights of the rows above are no guesses any more
}

// Browsers have drawn by then what is in view, and know how large it is.
export function twoFramesLater(act: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(act));
}

function note(): void {
  clearTimeout(timer);
  if (isAway) return;
  const row = scrollY > 0 ? firstInView() : undefined;
  const place: Place | null = row ? { row: idOf(row), top: row.getBoundingClientRect().top } : null;
  history.replaceState(place, "", (row ? pageOf(row) : plain(top())) || location.pathname);
  here = location.search;
}

function pageOf(row: HTMLElement): string {
  const all = rows();
  for (let at = all.indexOf(row); at >= 0; at -= 1) {
    const query = begun.get(all[at] as Element);
    if (query !== undefined) return query;
  }
  return plain(top());
}
