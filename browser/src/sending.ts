// Takes files, keeps all that are on their way, gives the transport a few at a time, and has them drawn.
import { noteArrival } from "./arrivals";
import { breathe } from "./dom";
import type { Batch } from "./gather";
import { type Found, type Item, Meter, newItem, type Problem } from "./item";
import { refresh } from "./library";
import { remembers } from "./remembered";
import { Rows } from "./rows";
import { Session } from "./session";
import { Summary } from "./summary";
import { IN_ONE_REQUEST, type Listener, type Server, Transport } from "./transport";
import { said } from "./language";

const IN_TRANSPORT = 8; // enough for its connections never to wait for us
const DRAW_EVERY = 200;
const MANY = 100; // from here on nobody looks at each row: rows are drawn less often, and go once their file has arrived

export interface Totals {
  files: number;
  bytes: number;
  arrived: number;
  arrivedBytes: number;
}

export class Sending implements Listener {
  items = new Map<string, Item>();
  totals: Totals = { files: 0, bytes: 0, arrived: 0, arrivedBytes: 0 };
  meter = new Meter();
  isPaused = false;
  ready: Promise<void>;
  #waiting: Item[] = [];
  #transport: Transport;
  #transportOfMany: Transport;
  #rows: Rows;
  #summary: Summary;
  #drawAt = 0;
  #cancelled = 0; // how often all were
  #inTransport = new Set<Item>(); // but for those that are paused

  constructor(server: Server, mould: HTMLTemplateElement) {
    this.#rows = new Rows(mould, this);
    this.#summary = new Summary(this);
    const session = new Session(() => this.items.size > 0, this.#summary);
    this.#transport = new Transport(server, session, this, remembers());
    this.#transportOfMany = new Transport(server, session, this, false);
    this.ready = this.#transport.ready.then(() => this.#summary.comeBack());
    addEventListener("beforeunload", (event) => {
      if (this.isBusy) event.preventDefault();
    });
  }

  get isBusy(): boolean {
    if (this.#inTransport.size || this.#waiting.length) return true;
    for (const item of this.items.values()) if (item.state === "paused") return true;
    return false;
  }

  async take(batches: AsyncIterable<Batch>): Promise<void> {
    const cancelled = this.#cancelled;
    let more = 0;
    let unread = 0;
    for await (const batch of batches) {
      if (cancelled !== this.#cancelled) return;
      for (const found of batch.found) more += this.#add(found) ? 1 : 0;
      unread += batch.unread;
      if (more) this.#feed();
    }
    if (unread) this.#summary.tell(said("{n} file could not be read.|{n} files could not be read.", { n: unread }));
    if (more) this.#sayToSend(more);
  }

  pause(item: Item): void {
    if (!this.#isHere(item)) return;
    item.state = "paused";
    item.meter.clear();
    this.#inTransport.delete(item);
    this.#of(item).pause(item);
    this.#feed();
  }

  resume(item: Item): void {
    if (!this.#isHere(item)) return;
    item.state = "sending";
    this.#inTransport.add(item);
    this.#of(item).resume(item);
    this.changed();
  }

  cancel(item: Item): void {
    if (this.#drop(item)) this.#summary.announce(said("The upload of {name} was cancelled.", { name: item.name }));
    this.#feed();
  }

  // False for what is not here any more.
  #drop(item: Item): boolean {
    if (!this.#isHere(item)) return false;
    this.#of(item).cancel(item);
    this.items.delete(item.key);
    this.#inTransport.delete(item);
    if (item.state === "waiting") this.#waiting = this.#waiting.filter((each) => each !== item);
    this.totals.files -= 1;
    this.totals.bytes -= item.size;
    this.#rows.drop(item);
    return true;
  }

  retry(item: Item): void {
    delete item.problem;
    item.state = item.found ? "waiting" : "lost";
    if (!item.found) return this.changed();
    this.#waiting.unshift(item);
    this.#feed();
  }

  retryAll(): void {
    for (const item of [...this.items.values()].reverse()) if (item.state === "failed") this.retry(item);
  }

  async cancelAll(): Promise<void> {
    this.#waiting = [];
    this.#cancelled += 1;
    this.isPaused = false;
    let count = 0;
    for (const item of [...this.items.values()].reverse()) {
      if (this.#drop(item) && (count += 1) % 500 === 0) await breathe();
    }
    if (count) this.#summary.announce(said("{n} upload was cancelled.|{n} uploads were cancelled.", { n: count }));
    this.#feed();
  }

  pauseAll(): void {
    if (!this.isBusy) return; // the last has just arrived
    this.isPaused = true;
    for (const item of this.items.values()) if (item.state === "sending" || item.state === "stalled") this.pause(item);
  }

  resumeAll(): void {
    this.isPaused = false;
    for (const item of this.items.values()) if (item.state === "paused") this.resume(item);
    this.#feed();
  }

  chooseAgain(item: Item): void {
    const input = Object.assign(document.createElement("input"), { type: "file" });
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file && file.name === item.name && file.size === item.size && file.lastModified === item.modified) {
        this.#giveBack(item, file);
        this.#sayToSend(1);
      } else item.problem = { title: said("That is another file"), detail: said("Or it has changed since.") };
      this.changed();
    });
    input.click();
  }

  restored(items: Item[]): void {
    for (const item of items) {
      this.items.set(item.key, item);
      if (item.state === "sending") this.#inTransport.add(item);
      this.totals.files += 1;
      this.totals.bytes += item.size;
    }
    const lost = items.filter((item) => item.state === "lost").length;
    if (lost) this.#summary.say(said("{n} file waits to be chosen again.|{n} files wait to be chosen again.", { n: lost }));
    this.changed();
  }

  moved(item: Item): void {
    if (item.state !== "paused") item.state = "sending";
    delete item.problem;
    this.changed();
  }

  stalled(item: Item, why: Problem): void {
    if (item.state !== "paused") item.state = "stalled";
    item.problem = why;
    item.meter.clear();
    this.changed();
  }

  arrived(item: Item, id: string): void {
    if (!item.isOneOfMany) noteArrival(item);
    this.items.delete(item.key);
    this.#inTransport.delete(item);
    this.totals.arrived += 1;
    this.totals.arrivedBytes += item.size;
    if (this.items.size < MANY) {
      this.#rows.arrived(item, id);
      void refresh();
    }
    this.#feed();
  }

  refused(item: Item, why: Problem): void {
    item.state = "failed";
    item.sent = 0;
    item.problem = why;
    item.meter.clear();
    this.#inTransport.delete(item);
    this.#summary.announce(said("{name} was not sent. {why}.", { name: item.name, why: why.title }));
    this.#feed();
  }

  changed(): void {
    if (this.#drawAt) return;
    this.#drawAt = setTimeout(() => this.#draw(), this.items.size < MANY ? DRAW_EVERY : 3 * DRAW_EVERY);
  }

  // False for what is on its way already: the same file of the same folder.
  #add(found: Found): boolean {
    const item = newItem(found);
    const known = this.items.get(item.key) ?? this.#lostOf(item);
    if (known?.state === "lost") this.#giveBack(known, found.file);
    else if (known?.state === "failed") this.retry(Object.assign(known, { found }));
    else if (known) return false;
    else this.#enqueue(item);
    return true;
  }

  #enqueue(item: Item): void {
    if (!this.isBusy) this.totals = this.#left();
    this.items.set(item.key, item);
    this.#waiting.push(item);
    this.totals.files += 1;
    this.totals.bytes += item.size;
  }

  #left(): Totals {
    let bytes = 0;
    for (const item of this.items.values()) bytes += item.size;
    return { files: this.items.size, bytes, arrived: 0, arrivedBytes: 0 };
  }

  // One that is chosen alone does not tell its folder.
  #lostOf({ name, size, modified, path }: Item): Item | undefined {
    if (path) return undefined;
    for (const item of this.items.values())
      if (item.state === "lost" && item.name === name && item.size === size && item.modified === modified) return item;
    return undefined;
  }

  #giveBack(item: Item, file: File): void {
    item.state = "paused";
    delete item.problem;
    this.#of(item).giveBack(item, file);
    if (!this.isPaused) this.resume(item);
  }

  #feed(): void {
    while (!this.isPaused && this.#inTransport.size < IN_TRANSPORT) {
      const item = this.#waiting.shift();
      if (!item) break;
      item.state = "sending";
      item.isOneOfMany = this.items.size >= MANY && item.size <= IN_ONE_REQUEST;
      this.#inTransport.add(item);
      this.#of(item).send(item);
    }
    if (!this.isBusy) {
      this.isPaused = false; // what is chosen from now on does not wait for "Resume all"
      this.#summary.sayEnded();
    }
    this.changed();
  }

  // Nothing of it may be left when the last of a folder has been read.
  #sayToSend(n: number): void {
    if (this.isBusy) this.#summary.say(said("{n} file to send.|{n} files to send.", { n }));
  }

  // Its row may be there for a moment after it has arrived.
  #isHere(item: Item): boolean {
    return this.items.get(item.key) === item;
  }

  #of(item: Item): Transport {
    return item.isOneOfMany ? this.#transportOfMany : this.#transport;
  }

  #draw(): void {
    this.#drawAt = 0;
    this.#rows.draw();
    this.#summary.draw();
    if (this.isBusy) this.changed();
  }
}
