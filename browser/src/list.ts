// The rows of the list that are loaded, brought in line with what the server has. After each change the event "rows".
// Pages beyond the first are boxes of their own, and twenty of them are one again: a browser skips one that is far away
// whole, and looks at each that is not within another at each turn.
import { find, keepingFocus, setAttribute } from "./dom";
import { morph } from "./morph";

const NAMED = "file-";
const LONG = 250;
const PAGES = 20; // in a page of pages

type Fresh = Document | Element;

export function rowOf(id: string): HTMLElement | null {
  return document.getElementById(NAMED + id);
}

export function idOf(row: Element): string {
  return row.id.slice(NAMED.length);
}

export function isLocal(row: HTMLElement): boolean {
  return "local" in row.dataset;
}

// Thousands, perhaps: no selector looks into each of them.
export function rows(...statuses: string[]): HTMLElement[] {
  const all: HTMLElement[] = [];
  const gather = (box: HTMLElement): void => {
    if (isPage(box)) boxes(box).forEach(gather);
    else if (box.id && (!statuses.length || statuses.includes(box.getAttribute("data-status") ?? ""))) all.push(box);
  };
  boxes().forEach(gather);
  return all;
}

export function countRows(within: Element = list()): number {
  if (isPage(within) && !hasPages(within)) return within.childElementCount;
  let count = 0;
  for (const box of within.children) count += isPage(box) ? countRows(box) : Number(box.id !== "");
  return count;
}

// Whether thousands may have come in on top while nobody went down the list, chose from it or is in it by keyboard.
export function isLeftToGrow(): boolean {
  const isUsed = list().contains(document.activeElement) || find(document, "#chosen").classList.contains("some");
  return !isUsed && countRows() > LONG;
}

// Rows, and pages of rows.
export function boxes(within: Element = list()): HTMLElement[] {
  return [...within.children] as HTMLElement[];
}

export function isPage(box: Element): boolean {
  return box.classList.contains("page");
}

function hasPages(box: Element): boolean {
  return box.firstElementChild !== null && isPage(box.firstElementChild);
}

// There pages are no boxes, for rows would end where one does.
export function isGrid(): boolean {
  return list().classList.contains("tiles");
}

export function remove(row: HTMLElement): void {
  const isFocused = row.contains(document.activeElement);
  const all = isFocused ? rows() : [];
  const at = all.indexOf(row);
  row.remove();
  const next = all[at + 1] ?? all[at - 1];
  if (isFocused) (next?.querySelector<HTMLElement>("a[href]") ?? document.getElementById("choose"))?.focus();
}

// Several rows anew; those that the answer has not are no more, or not in this list.
export function update(asked: readonly string[], fresh: Document): void {
  change(() => {
    for (const id of asked) {
      const row = rowOf(id);
      const now = fresh.getElementById(NAMED + id);
      if (row && now) morph(row, now);
      else if (row) remove(row);
    }
  });
}

export function drop(ids: readonly string[]): void {
  change(() => {
    for (const id of ids) {
      const row = rowOf(id);
      if (row) remove(row);
    }
  });
}

// The top of the list anew. False, and nothing done, where it has nothing in common with what is loaded: so much has
// come that something would be missing between. What came in while it was asked for is left alone.
export function merge(fresh: Document, before: ReadonlySet<Element>): boolean {
  const wanted = rowsIn(fresh);
  const ids = new Set(wanted.map((row) => row.id));
  const isWhole = !fresh.getElementById("after");
  const ours = rows();
  const listed = ours.filter((row) => !isLocal(row));
  const last = listed.findLast((row) => ids.has(row.id));
  if (!last && !isWhole && listed.length) return false;
  const end = last ? ours.indexOf(last) : ours.length;
  change(() => {
    ours.forEach((row, at) => {
      if (!ids.has(row.id) && (isWhole || (at < end && !isLocal(row))) && before.has(row)) remove(row);
    });
    const lowest = place(wanted);
    if (!lowest || lowest === list().lastElementChild) turn("after", fresh);
  });
  return true;
}

// Another list in the place of this one; what is on its way in stays on top.
export function show(live: HTMLElement, fresh: HTMLElement): void {
  setAttribute(live, "data-live", fresh.dataset.live ?? "");
  setAttribute(list(), "class", find(fresh, "#rows").className);
  replace(fresh);
}

export function replace(fresh: Fresh): void {
  change(() => {
    const hadFocus = list().contains(document.activeElement);
    for (const box of boxes()) if (box.id || isPage(box)) box.remove();
    place(rowsIn(fresh));
    if (hadFocus) rows()[0]?.querySelector<HTMLElement>("a[href]")?.focus({ preventScroll: true });
    turn("before", fresh);
    turn("after", fresh);
  });
}

// The page below what is loaded, or above it; returns its rows that were not there yet.
export function extend(end: "before" | "after", fresh: Document): HTMLElement[] {
  const more = rowsIn(fresh).filter((row) => !document.getElementById(row.id));
  change(() => {
    if (end === "before") list().insertBefore(pageOf(more, more.length), below(onTheirWay()));
    else lastPages(more.length).append(pageOf(more, more.length));
    turn(end, fresh);
  });
  return more;
}

function list(): HTMLElement {
  return find(document, "#rows");
}

function rowsIn(fresh: Fresh): HTMLElement[] {
  return [...fresh.querySelectorAll<HTMLElement>("#rows > .row[id]")];
}

function change(make: () => void): void {
  keepingFocus(make);
  document.dispatchEvent(new Event("rows"));
}

// Rows on their way in, which the server does not list, stay on top.
function onTheirWay(): Element | undefined {
  let last: Element | undefined;
  for (let row = list().firstElementChild; row && isLocal(row as HTMLElement); row = row.nextElementSibling) if (!row.id) last = row;
  return last;
}

function below(row: Element | undefined): Element | null {
  return row ? row.nextElementSibling : list().firstElementChild;
}

function place(wanted: readonly HTMLElement[]): Element | undefined {
  let last = onTheirWay();
  for (const fresh of wanted) {
    const next = below(last);
    const match = document.getElementById(fresh.id);
    const row = match ?? fresh;
    if (row !== next) list().insertBefore(row, next);
    if (match) morph(match, fresh);
    last = row;
  }
  return last;
}

// The link to the page beyond.
function turn(end: "before" | "after", fresh: Fresh): void {
  const old = document.getElementById(end);
  const now = fresh.querySelector(`#${end}`);
  if (old && now) setAttribute(find(old, "a"), "href", find(now, "a").getAttribute("href") ?? "");
  else if (old) old.remove();
  else if (now && end === "after") list().parentElement?.append(now);
  else if (now) list().before(now);
}

function pageOf(boxes: readonly HTMLElement[], rows: number): HTMLElement {
  const page = Object.assign(document.createElement("div"), { className: "page", role: "none" });
  page.style.setProperty("--rows", String(rows)); // as tall as that, as long as nobody has seen it
  page.append(...boxes);
  return page;
}

function lastPages(rows: number): Element {
  const last = list().lastElementChild;
  if (last && hasPages(last) && last.childElementCount < PAGES) return last;
  const pages = pageOf([], rows);
  list().append(pages);
  return pages;
}
