// Draws files on their way in as rows of the list, in the mould that the server's own rows have: a bounded number of them.
import { find, keepingFocus, setAttribute, setHidden, setText } from "./dom";
import type { Item, Problem, State } from "./item";
import { said } from "./language";
import { more, size, sizeOf, speed as perSecond, timeLeft } from "./words";

const MOST_WAITING = 8;
const MOST_OTHERS = 50;
const MOST_ARRIVED = 20;

interface Look {
  word: Parameters<typeof said>[0];
  shape: string;
  tone: string;
}

const LOOKS: Record<State, Look> = {
  waiting: { word: "Waiting", shape: "wait", tone: "soft" },
  sending: { word: "Uploading", shape: "up", tone: "grain" },
  stalled: { word: "Interrupted", shape: "warn", tone: "warn" },
  paused: { word: "Paused", shape: "pause", tone: "soft" },
  failed: { word: "Not sent", shape: "no", tone: "bad" },
  lost: { word: "Choose it again", shape: "warn", tone: "warn" },
};

interface Actions {
  items: Map<string, Item>;
  pause(item: Item): void;
  resume(item: Item): void;
  retry(item: Item): void;
  cancel(item: Item): void;
  chooseAgain(item: Item): void;
}

export class Rows {
  #list = find(document, "#rows");
  #mould: HTMLElement;
  #actions: Actions;
  #shown = new Map<Item, HTMLElement>();
  #more = Object.assign(document.createElement("div"), { className: "more soft", role: "listitem" });

  constructor(mould: HTMLTemplateElement, actions: Actions) {
    this.#mould = find(mould.content, ".row");
    this.#actions = actions;
    this.#more.dataset.local = "";
  }

  draw(): void {
    keepingFocus(() => this.#draw());
  }

  #draw(): void {
    const chosen = this.#choose();
    for (const [item, row] of this.#shown) if (!chosen.has(item)) this.#remove(item, row);
    let place = this.#list.firstElementChild;
    for (const item of chosen) {
      const row = this.#shown.get(item) ?? this.#make(item);
      if (row === place) place = row.nextElementSibling;
      else this.#list.insertBefore(row, place);
      paint(row, item);
    }
    const rest = this.#actions.items.size - chosen.size;
    setText(this.#more, more(rest));
    if (!rest) this.#more.remove();
    else if (place !== this.#more) this.#list.insertBefore(this.#more, place);
  }

  // The row stays where it is and becomes that of the file.
  arrived(item: Item, id: string): void {
    const row = this.#shown.get(item);
    if (!row) return;
    const local = this.#list.querySelectorAll("[data-local][id]");
    if (document.getElementById(`file-${id}`) || local.length >= MOST_ARRIVED) return this.#remove(item, row); // the list was quicker
    this.#shown.delete(item);
    row.id = `file-${id}`;
    const name = find<HTMLAnchorElement>(row, ".name");
    name.href = `/app/files/${id}/`;
    look(row, { word: "Arrived", shape: "ok", tone: "good" });
    setText(find(row, ".size"), size(item.size));
    setText(find(row, ".age"), "");
    note(row, "", "soft");
    const isFocused = row.contains(document.activeElement);
    find(row, ".course").remove();
    if (isFocused) name.focus();
  }

  drop(item: Item): void {
    const row = this.#shown.get(item);
    if (row) this.#remove(item, row);
  }

  #remove(item: Item, row: HTMLElement): void {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    const isFocused = row.contains(document.activeElement);
    this.#shown.delete(item);
    row.remove();
    if (isFocused) (next?.querySelector<HTMLElement>("[data-act]:not([hidden]), a[href]") ?? find(document, "#choose")).focus();
  }

  // Those about which there is something to say, and the next of those that wait.
  #choose(): Set<Item> {
    const others: Item[] = [];
    const waiting: Item[] = [];
    for (const item of this.#actions.items.values()) {
      if (item.state !== "waiting") others.length < MOST_OTHERS && others.push(item);
      else if (waiting.length < MOST_WAITING) waiting.push(item);
      if (others.length === MOST_OTHERS) break;
    }
    return new Set([...others, ...waiting]);
  }

  #make(item: Item): HTMLElement {
    const row = this.#mould.cloneNode(true) as HTMLElement;
    find(row, ".name").title = item.path || item.name;
    setText(find(row, ".name bdi"), item.name);
    setText(find(row, ".thumb"), badge(item.name));
    setText(find(row, ".folder"), item.path.slice(0, -item.name.length));
    find(row, "[data-act=pause]").addEventListener("click", () =>
      item.state === "paused" ? this.#actions.resume(item) : this.#actions.pause(item),
    );
    find(row, "[data-act=retry]").addEventListener("click", () =>
      item.state === "lost" ? this.#actions.chooseAgain(item) : this.#actions.retry(item),
    );
    find(row, "[data-act=cancel]").addEventListener("click", () => this.#actions.cancel(item));
    this.#shown.set(item, row);
    return row;
  }
}

function paint(row: HTMLElement, item: Item): void {
  const { state, sent, name } = item;
  const speed = state === "sending" ? item.meter.speed : 0;
  const isMoving = state === "sending" || state === "stalled" || state === "paused" || state === "lost";
  look(row, LOOKS[state], state === "sending" && item.size ? `${Math.floor((100 * sent) / item.size)}%` : "");
  note(row, ...noteOf(item));
  setText(find(row, ".size"), isMoving && sent ? sizeOf(sent, item.size) : size(item.size));
  setText(find(row, ".age"), speed ? `${perSecond(speed)}, ${timeLeft((item.size - sent) / speed)}` : "");
  const track = find<HTMLProgressElement>(row, ".track");
  setHidden(track, !isMoving);
  track.value = item.size ? sent / item.size : 0;
  act(row, "pause", state === "paused" ? said("Resume {name}", { name }) : said("Pause {name}", { name }), state === "paused" ? "play" : "pause", !(isMoving && state !== "lost"));
  act(row, "retry", state === "lost" ? said("Choose {name} again", { name }) : said("Try {name} again", { name }), "again", !(state === "failed" || state === "lost"));
  act(row, "cancel", said("Cancel {name}", { name }), "cross", false);
}

function noteOf(item: Item): [string, string] {
  const words = item.problem ? sentence(item.problem) : "";
  if (item.state === "failed") return [words, "bad"];
  if (item.state === "stalled") return [said("{why} It goes on by itself.", { why: words }), "warn"];
  if (item.state !== "lost") return ["", "soft"];
  const left = item.sent
    ? said("The page was left before it was whole. Choose the same file again, and it goes on from {place}.", { place: sizeOf(item.sent, item.size) })
    : said("The page was left before it was whole. Choose the same file again, and it goes on.");
  return [words || left, "warn"];
}

function sentence({ title, detail }: Problem): string {
  return `${title}.${detail ? ` ${detail}` : ""}`;
}

function act(row: HTMLElement, name: string, label: string, shape: string, hidden: boolean): void {
  const button = find<HTMLButtonElement>(row, `[data-act=${name}]`);
  setAttribute(button, "aria-label", label);
  setAttribute(find(button, "use"), "href", `#${shape}`);
  setHidden(button, hidden);
}

function look(row: HTMLElement, { word, shape, tone }: Look, detail = ""): void {
  const shown = find(row, ".look");
  setAttribute(shown, "class", `look ${tone}`);
  setAttribute(find(shown, "svg"), "class", `shape ${shape}`);
  setAttribute(find(shown, "use"), "href", `#${shape}`);
  setText(find(shown, ".word"), said(word));
  setText(find(shown, ".detail"), detail);
}

function note(row: HTMLElement, words: string, tone: string): void {
  setAttribute(find(row, ".note"), "class", `note ${tone}`);
  setText(find(row, ".note span"), words);
}

function badge(name: string): string {
  const extension = /\.([a-z0-9]{1,4})$/i.exec(name)?.[1];
  return extension?.toUpperCase() ?? "…";
}
