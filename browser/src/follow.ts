// Follows what happens to files, and asks for the rows that changed: soon while something moves, rarely when nothing does.
import { fragment, json } from "./ask";
import { drop, idOf, isLeftToGrow, isLocal, merge, replace, rowOf, rows, update } from "./list";
import { atTop, isInView, top } from "./place";

const QUICK = 150;
const SLOW = 10_000;
const PART = 4; // at most such a part of the time goes by for it
const AT_ONCE = 60; // rows
const EVENTS = "1000";
const TOP_ANEW = 60_000; // for the ages of what is on top, and whatever no event told
const UNDER_WAY = ["processing", "queued"];
const RUSH = 10; // files that came in between two looks: so many that nobody reads their rows
const RUSH_PAUSE = 3000;
const CALM = 5000; // so long after something happened more is likely

interface Happened {
  results: { file_id: string; what: string }[];
  after: string;
  more: boolean;
}

export class Follower {
  #events: string;
  #rows: string;
  #after = "";
  #list = 0;
  #stale = new Set<string>();
  #isTopStale = false;
  #isRush = false;
  #topAt = performance.now();
  #movedAt = performance.now();
  #took = 0;

  constructor({ events = "", rows = "" }: DOMStringMap, list: DOMStringMap) {
    this.#events = events;
    this.#rows = rows;
    this.beginAt(list);
  }

  // At a list that has just been drawn; what was asked for before is no news for it.
  beginAt({ after = "" }: DOMStringMap): void {
    this.#after = after;
    this.#stale.clear();
    this.#isTopStale = false;
    this.#list += 1;
  }

  async look(): Promise<void> {
    const begun = performance.now();
    while (await this.#read());
    if (performance.now() - this.#topAt > TOP_ANEW) this.#isTopStale = true;
    const waits = this.#isRush && performance.now() - this.#topAt < RUSH_PAUSE;
    if (this.#isTopStale && !waits) await this.#readTop();
    await this.#readRows();
    this.#took = performance.now() - begun;
  }

  pause(): number {
    const calm = performance.now() - this.#movedAt;
    const isMoving = this.#stale.size > 0 || calm < CALM || rows(...UNDER_WAY).length > 0;
    return isMoving ? Math.max(Math.min(Math.max(calm / 10, QUICK), SLOW), PART * this.#took) : SLOW;
  }

  // Returns whether more has happened already.
  async #read(): Promise<boolean> {
    const list = this.#list;
    const happened = await this.#askFor(this.#after);
    if (list !== this.#list) return true; // another list has come, which may not have what happened before this answer
    if (!happened) {
      await this.#beginAnew();
      return false;
    }
    this.#after = happened.after;
    this.#isRush = happened.results.filter(({ what }) => what === "received").length > RUSH;
    const gone: string[] = [];
    for (const { file_id: id, what } of happened.results) {
      const row = rowOf(id);
      if (what === "deleted") {
        gone.push(id);
        this.#stale.delete(id);
      } else if (row && !isLocal(row)) this.#stale.add(id);
      else if (row || what === "received" || isChosenBy(top())) this.#isTopStale = true;
    }
    if (happened.results.length) this.#movedAt = performance.now();
    if (gone.length) drop(gone);
    return happened.more;
  }

  #askFor(after: string): Promise<Happened | undefined> {
    return json<Happened>(`${this.#events}?${new URLSearchParams({ after, page_size: EVENTS })}`);
  }

  // The page was away for longer than events are kept.
  async #beginAnew(): Promise<void> {
    const happened = await this.#askFor("now");
    if (!happened) throw new Error("There are no events.");
    const list = this.#list;
    const fresh = await fragment(top());
    if (list !== this.#list) return;
    this.#after = happened.after;
    this.#stale.clear();
    replace(fresh);
  }

  async #readTop(): Promise<void> {
    const before = new Set<Element>(rows());
    const address = top();
    const list = this.#list;
    const fresh = await fragment(address);
    if (top() !== address || list !== this.#list) return; // a page came above it meanwhile, or another list
    this.#isTopStale = false;
    if (scrollY < innerHeight && isLeftToGrow()) replace(fresh);
    else if (!merge(fresh, before)) {
      if (atTop()) replace(fresh);
      else this.#isTopStale = true; // once somebody is back there
    }
    this.#topAt = performance.now();
  }

  async #readRows(): Promise<void> {
    const working = rows("processing").filter(isInView);
    if (working.length) this.#movedAt = performance.now();
    const stale = [...this.#stale];
    if (stale.length > AT_ONCE) stale.sort((one, other) => Number(isSeen(other)) - Number(isSeen(one)));
    const asked = [...new Set([...working.map(idOf), ...stale])].slice(0, AT_ONCE);
    if (!asked.length) return;
    const list = this.#list;
    const query = new URL(top(), location.href).searchParams;
    query.delete("cursor");
    for (const id of asked) query.append("id", id);
    const fresh = await fragment(`${this.#rows}?${query}`);
    if (list !== this.#list) return;
    for (const id of asked) this.#stale.delete(id);
    update(asked, fresh);
  }
}

function isSeen(id: string): boolean {
  const row = rowOf(id);
  return row !== null && isInView(row);
}

// Whether what changes may come into the list by it, as it may where the list is chosen by more than when files came.
function isChosenBy(address: string): boolean {
  const { searchParams } = new URL(address, location.href);
  for (const name of searchParams.keys()) if (!["view", "page_size", "cursor"].includes(name)) return true;
  return false;
}
