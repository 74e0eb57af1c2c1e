// Tells of all files that are on their way in one line, and now and then to who cannot see it.
import { find, keepingFocus, setHidden, setText } from "./dom";
import type { Item, Meter } from "./item";
import { said } from "./language";
import { forget, remember, remembered } from "./remembered";
import { sizeOf, speed as perSecond, timeLeft } from "./words";

const SAY_EVERY = 4000;
const FEW = 3; // of more that must not be missed, the sum tells
const LEFT_BEHIND = "filemill-left";

const NOT_BEGUN =
  "{n} file was not begun when the page was left. Choose it again.|{n} files were not begun when the page was left. Choose them again.";
const NOTHING = '{"waiting":0,"begun":[]}';

interface LeftBehind {
  waiting: number;
  begun: [key: string, name: string][];
}

interface Work {
  items: Map<string, Item>;
  totals: { files: number; bytes: number; arrived: number; arrivedBytes: number };
  meter: Meter;
  isPaused: boolean;
  isBusy: boolean;
  pauseAll(): void;
  resumeAll(): void;
  retryAll(): void;
  cancelAll(): void;
}

export class Summary {
  #work: Work;
  #box = find(document, "#under-way");
  #words = find(this.#box, "[data-words]");
  #track = find<HTMLProgressElement>(this.#box, ".track");
  #said = find(document, "#said");
  #told = new Map<string, HTMLElement>();
  #news: string[] = [];
  #toSay: string | undefined;
  #sayAt = 0;
  #isMoving = false;

  constructor(work: Work) {
    this.#work = work;
    const on = (name: string, act: () => void) => this.#button(name).addEventListener("click", act);
    on("pause", () => (this.#isMoving ? work.pauseAll() : work.resumeAll()));
    on("retry", () => work.retryAll());
    on("cancel", () => work.cancelAll());
    addEventListener("pagehide", () => this.#leave());
  }

  draw(): void {
    keepingFocus(() => this.#draw());
  }

  #draw(): void {
    const { items, totals, meter, isPaused, isBusy } = this.#work;
    let sent = totals.arrivedBytes;
    let left = 0; // of what is sent without anybody doing something
    let failed = 0;
    this.#isMoving = false;
    for (const item of items.values()) {
      sent += item.sent;
      failed += item.state === "failed" ? 1 : 0;
      if (!goesOn(item, isPaused)) continue;
      left += item.size - item.sent;
      this.#isMoving = true;
    }
    meter.add(sent);
    const words = isBusy ? under_way(this.#work, sent, left, this.#isMoving) : ended(this.#work);
    if (totals.files > 1 || !words) setHidden(this.#box, !words); // what waits to be chosen again says so itself
    setText(this.#words, words);
    this.#track.value = totals.bytes ? sent / totals.bytes : 0;
    setHidden(this.#track, !isBusy);
    setText(this.#button("pause"), said(this.#isMoving ? "Pause all" : "Resume all"));
    setHidden(this.#button("pause"), !isBusy);
    setHidden(this.#button("cancel"), !isBusy);
    setHidden(this.#button("retry"), !failed);
  }

  sayEnded(): void {
    this.say(ended(this.#work));
  }

  // What comes too soon after other words replaces those that wait to be said.
  say(words: string): void {
    this.#toSay = words;
    if (!this.#sayAt) this.#speak();
  }

  // What is said whatever comes after it.
  announce(words: string): void {
    if (this.#news.length < FEW) this.#news.push(words);
    if (!this.#sayAt) this.#speak();
  }

  // Says and shows what must not be missed.
  tell(words: string): void {
    if (this.#told.has(words)) return;
    const notice = Object.assign(document.createElement("p"), { className: "notice", textContent: words });
    this.#told.set(words, notice);
    this.#said.after(notice);
    this.announce(words);
  }

  untell(words: string): void {
    this.#told.get(words)?.remove();
    this.#told.delete(words);
  }

  #speak(): void {
    const isToSay = this.#toSay !== undefined || this.#news.length > 0;
    if (isToSay) setText(this.#said, [...this.#news, this.#toSay].join(" ").trim());
    this.#news = [];
    this.#toSay = undefined;
    this.#sayAt = isToSay ? setTimeout(() => this.#speak(), SAY_EVERY) : 0;
  }

  #button(name: string): HTMLElement {
    return find(this.#box, `[data-all=${name}]`);
  }

  // Files that were not begun are forgotten with the page; how many these were is not, nor which were on their way.
  #leave(): void {
    const items = [...this.#work.items.values()];
    const waiting = items.filter((item) => item.state === "waiting").length;
    const begun = items.filter(({ state }) => state === "sending" || state === "stalled" || state === "paused");
    const left: LeftBehind = { waiting, begun: begun.map(({ key, name }) => [key, name]) };
    if (items.length) remember("sessionStorage", LEFT_BEHIND, JSON.stringify(left));
    else forget("sessionStorage", LEFT_BEHIND); // of a page that had been left, and was come back to
  }

  // Once what the browser kept is back.
  comeBack(): void {
    const { waiting, begun } = JSON.parse(remembered("sessionStorage", LEFT_BEHIND) ?? NOTHING) as LeftBehind;
    forget("sessionStorage", LEFT_BEHIND);
    const missing = begun.filter(([key]) => !this.#work.items.has(key)).map(([, name]) => name);
    const words = [];
    if (waiting) words.push(said(NOT_BEGUN, { n: waiting }));
    if (missing.length) words.push(said("Look whether these have arrived, for the page was left meanwhile: {names}.", { names: missing.join(", ") }));
    if (words.length) this.tell(words.join(" "));
  }
}

function goesOn({ state }: Item, isPaused: boolean): boolean {
  return state === "sending" || state === "stalled" || (state === "waiting" && !isPaused);
}

function under_way({ totals, meter }: Work, sent: number, left: number, isMoving: boolean): string {
  const done = said("{done} of {n} file|{done} of {n} files", { done: totals.arrived, n: totals.files });
  const words = [done, sizeOf(sent, totals.bytes)];
  const { speed } = meter;
  if (!isMoving) words.push(said("paused"));
  else if (speed) words.push(perSecond(speed), said("{time} left", { time: timeLeft(left / speed) }));
  return words.join(" · ");
}

function ended({ items, totals: { arrived } }: Work): string {
  const failed = [...items.values()].filter(({ state }) => state === "failed").length;
  const words = arrived ? said("{n} file arrived.|{n} files arrived.", { n: arrived }) : "";
  return failed ? `${words} ${said("{n} file could not be sent.|{n} files could not be sent.", { n: failed })}`.trim() : words;
}
