// The rows of the list that are loaded, brought in line with what the server has. After each change the event "rows".
// Pages beyond the first are boxes of their own: a browser skips one that is far away whole, however many there are.
import { find, keepingFocus, setAttribute } from "./dom";
import { morph } from "./morph";

const NAMED = "file-";
const LONG = 250;

type Fresh = Document | DocumentFragment;

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
  const all = boxes().flatMap((box) => (isPage(box) ? [...box.children] : box)) as HTMLElement[];
  return all.filter((row) => row.id && (!statuses.length || statuses.includes(row.getAttribute("data-status") ?? "")));
}

export function countRows(): number {
  return boxes().reduce((count, box) => count + (isPage(box) ? box.childElementCount : Number(box.id !== "")), 0);
}

// Whether thousands may have come in on top while nobody went down the list, chose from it or is in it by keyboard.
export function isLeftToGrow(): boolean {
  const isUsed = list().contains(document.activeElement) || find(document, "#chosen").classList.contains("some");
  return !isUsed && countRows() > LONG;
}

// Rows, and pages of rows.
export function boxes(): HTMLElement[] {
  return [...list().children] as HTMLElement[];
}

export function isPage(box: Element): boolean {
  return box.classList.contains("page");
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
export function show(live: HTMLElement, fresh: DocumentFragment): void {
  setAttribute(live, "data-live", find(fresh, "#live").dataset.live ?? "");
  setAttribute(list(), "class", find(fresh, "#rows").className);
  replace(fresh);
}

export function replace(fresh: Fresh): void {
  change(() => {
    const hadFocus = list().contains(document.activeElement);
    for (const row of rows()) row.remove();
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
    list().insertBefore(pageOf(more), end === "after" ? null : below(onTheirWay()));
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
  for (const box of boxes()) if (isPage(box) && !box.childElementCount) box.remove();
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
  const now = fresh.getElementById(end);
  if (old && now) setAttribute(find(old, "a"), "href", find(now, "a").getAttribute("href") ?? "");
  else if (old) old.remove();
  else if (now && end === "after") list().parentElement?.append(now);
  else if (now) list().before(now);
}

function pageOf(more: readonly HTMLElement[]): HTMLElement {
  const page = Object.assign(document.createElement("div"), { className: "page", role: "none" });
  page.style.setProperty("--rows", String(more.length));
  page.append(...more);
  return page;
}
