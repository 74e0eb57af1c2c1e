// Carries files by tus, with Uppy. Uppy copies the state of all its files whenever one of them changes: it is given but a
// few at a time, and what is done or refused is taken out again.
import { Uppy } from "@uppy/core";
import { RateLimitedQueue } from "@uppy/core/utils";
import GoldenRetriever from "@uppy/golden-retriever";
import Tus, { type TusDetailedError } from "@uppy/tus";
import { arrivedAlready } from "./already";
import { isKnown, isPassing, isSignedOut, isTooMany, problemOf, UNREADABLE, unsendable } from "./answers";
import { end } from "./end";
import type { Item, Problem } from "./item";
import { hasArrived } from "./arrivals";
import { isKept } from "./kept";
import { type Body, type Carried, type Meta, metaOf, restored, urlOf } from "./meta";
import { heed, patience, PAUSES } from "./patience";
import { headers, type Session, token } from "./session";

export interface Server {
  address: string;
  name: string; // of what is kept for the time after a reload
}

export interface Listener {
  restored(items: Item[]): void;
  moved(item: Item): void;
  stalled(item: Item, why: Problem): void;
  arrived(item: Item, id: string): void;
  refused(item: Item, why: Problem): void;
}

type HttpRequest = NonNullable<TusDetailedError["originalRequest"]>;

const AT_ONCE = 4; // browsers open six connections to a server, and the list wants one
export const IN_ONE_REQUEST = 2 ** 20; // where that breaks off, so much is sent again
const TURNED_AWAY_AGAIN = 60_000; // so soon after it was refused a request is not refused for an old token
const IS_LOCAL = /^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname);
const queue = new RateLimitedQueue(AT_ONCE);
const never = new Promise<never>(() => {});
const silent = () => {};

export class Transport {
  ready: Promise<void>; // what comes earlier, Golden Retriever would wipe out
  #uppy: Uppy<Meta, Body>;
  #items = new Map<string, Item>();
  #asked = new WeakMap<object, string>();
  #latest = new Map<string, object>(); // the request that may go out, by file
  #gone = new Set<string>(); // of which nothing can be read any more
  #turnedAway = new Map<string, number>(); // when the server refused a file's request for its token
  #server: Server;
  #session: Session;
  #listener: Listener;

  // What it keeps goes on after a reload; to keep each of thousands would take longer than to send it.
  constructor(server: Server, session: Session, listener: Listener, keeps: boolean) {
    this.#server = server;
    this.#session = session;
    this.#listener = listener;
    this.#uppy = new Uppy<Meta, Body>({
      id: keeps ? server.name : `${server.name}-many`,
      logger: { debug: silent, warn: silent, error: silent },
    });
    this.#uppy.use(Tus<Meta, Body>, {
      endpoint: server.address,
      headers: { Accept: "application/json" },
      limit: AT_ONCE,
      rateLimitedQueue: queue,
      retryDelays: PAUSES,
      removeFingerprintOnSuccess: true,
      onBeforeRequest: async (request, file) => {
        await this.#before(request, file);
        for (const [name, value] of Object.entries(headers())) request.setHeader(name, value);
      },
      onAfterResponse: (request, response) => {
        heed(response.getHeader("Retry-After"));
        // Else the upload would begin anew, although it is there.
        if (request.getMethod() === "HEAD" && !isKnown(response.getStatus())) throw new Error("Nobody knows how far it got.");
      },
      onShouldRetry: (error, _attempt, _options, byDefault) => this.#retries(error, byDefault),
    });
    this.#listen();
    if (!keeps) {
      this.ready = Promise.resolve();
      return;
    }
    const isBack = new Promise<void>((resolve) => this.#uppy.on("restored", () => queueMicrotask(() => resolve(this.#restore()))));
    this.#uppy.use(GoldenRetriever);
    this.ready = isKept(server.name).then((kept) => (kept ? isBack : undefined), silent);
  }

  send(item: Item): void {
    if (!item.found) return;
    try {
      item.uppy = this.#add(item, item.found.file);
      this.#items.set(item.uppy, item);
      this.#go(item.uppy);
    } catch (error) {
      this.#listener.refused(item, unsendable(error));
    }
  }

  pause(item: Item): void {
    if (!item.uppy) return;
    this.#doubt(item.uppy);
    this.#latest.delete(item.uppy);
    if (!this.#file(item)?.isPaused) this.#toggle(item);
  }

  resume(item: Item): void {
    const file = this.#file(item);
    if (!file) return this.send(item);
    if (this.#isUnderWay(file.id)) this.#toggle(item);
    else this.#go(file.id); // it was paused, or left behind, before a reload
  }

  // What came of it on the server goes, too, for a file that was not whole.
  cancel(item: Item): void {
    const url = urlOf(this.#file(item)) ?? item.url;
    this.#forget(item);
    if (url) void end(url, this.#session);
  }

  // A file whose bytes the browser did not keep was chosen again: it can be resumed.
  giveBack(item: Item, file: File): void {
    item.found = { file, path: item.path };
    if (item.uppy) this.#uppy.setFileState(item.uppy, { data: file, isGhost: false, isPaused: true });
  }

  #add(item: Item, file: File): string {
    const id = this.#uppy.addFile({ name: file.name, type: file.type, data: file, meta: metaOf(item, file) });
    const told = ["filename", ...(file.type ? ["filetype"] : []), ...(item.path ? ["relative_path"] : [])];
    const whole = file.size <= IN_ONE_REQUEST;
    this.#uppy.setFileState(id, {
      tus: { allowedMetaFields: told, uploadDataDuringCreation: whole, storeFingerprintForResuming: !whole },
    });
    return id;
  }

  // Told to begin by itself, Uppy would begin with what waits to be chosen again, too.
  #go(id: string): void {
    this.#uppy.retryUpload(id).catch(silent); // who listens was told already
  }

  #toggle(item: Item): void {
    if (item.uppy) this.#uppy.pauseResume(item.uppy);
  }

  #file(item: Item): Carried | undefined {
    return item.uppy ? this.#uppy.getState().files[item.uppy] : undefined;
  }

  #isUnderWay(id: string): boolean {
    return Object.values(this.#uppy.getState().currentUploads).some((upload) => upload.fileIDs.includes(id));
  }

  async #before(request: HttpRequest, file: Carried): Promise<void> {
    if (request.getMethod() === "DELETE") await never; // see end.ts
    this.#asked.set(request, file.id);
    this.#latest.set(file.id, request);
    await this.#session.admitted;
    await patience();
    await this.#look(file);
    await this.#still(request, file.id);
    if (!this.#items.get(file.id)?.isInDoubt) return;
    await this.#clear(file);
    await this.#still(request, file.id);
  }

  // Once tus is stopped it takes no notice of an error, but a request that waits here would go out all the same.
  async #still(request: HttpRequest, id: string): Promise<void> {
    if (this.#latest.get(id) !== request) await never;
  }

  // Nothing can be read of a file that has changed or vanished since it was chosen.
  async #look(file: Carried): Promise<void> {
    try {
      await (file.data as Blob).slice(0, 1).arrayBuffer();
    } catch (error) {
      this.#gone.add(file.id);
      throw error;
    }
  }

  // Asks whether a file is there; if it is, the request that would double it is not sent.
  async #clear(file: Carried): Promise<void> {
    const files = new URL("../files/", this.#server.address);
    const id = await arrivedAlready(files, file.data as Blob, file.meta);
    const item = this.#items.get(file.id);
    if (!id || !item) return;
    this.#forget(item);
    this.#listener.arrived(item, id);
    throw new Error("It has arrived.");
  }

  #forget(item: Item): void {
    const id = item.uppy;
    if (!id) return;
    delete item.uppy;
    this.#items.delete(id);
    this.#latest.delete(id);
    this.#gone.delete(id);
    this.#turnedAway.delete(id);
    this.#uppy.removeFile(id);
  }

  #listen(): void {
    const known = (file: Carried | undefined) => (file ? this.#items.get(file.id) : undefined);
    this.#uppy.on("upload-progress", (file, progress) => {
      const item = known(file);
      const bytes = progress.bytesUploaded || 0;
      if (!item || (item.state === "stalled" && bytes <= (item.mark ??= bytes))) return;
      delete item.mark;
      item.sent = bytes;
      item.meter.add(item.sent);
      this.#listener.moved(item);
    });
    this.#uppy.on("upload-success", (file, response) => {
      const item = known(file);
      const id = response.uploadURL?.split("/").findLast(Boolean);
      if (!item || !id) return;
      queueMicrotask(() => this.#forget(item)); // now, Uppy would end the upload on the server
      this.#listener.arrived(item, id); // a file has the name that its upload had
    });
    this.#uppy.on("upload-error", (file, error, response) => {
      const item = known(file);
      if (!item?.uppy) return;
      const request = response?.body?.xhr ?? (error as Partial<TusDetailedError>).originalRequest?.getUnderlyingObject();
      const why = this.#gone.has(item.uppy) ? UNREADABLE : problemOf(request);
      const url = urlOf(this.#file(item));
      if (url) item.url = url;
      queueMicrotask(() => this.#forget(item));
      this.#listener.refused(item, why);
    });
  }

  // Uploads of the page as it was before: what the browser kept goes on, the rest waits to be chosen again.
  #restore(): void {
    const files = this.#uppy.getFiles();
    this.#uppy.setState({ currentUploads: {}, recoveredState: null });
    for (const file of files) if (file.progress.uploadComplete || hasArrived(restored(file))) this.#uppy.removeFile(file.id);
    const items = this.#uppy.getFiles().map(restored);
    for (const item of items) this.#items.set(item.uppy ?? "", item);
    for (const file of this.#uppy.getFiles()) this.#doubt(file.id);
    for (const item of items) if (item.state === "sending") this.#go(item.uppy ?? "");
    this.#listener.restored(items);
  }

  #doubt(id: string): void {
    const file = this.#uppy.getState().files[id];
    const item = this.#items.get(id);
    if (item && file && "tus" in file && file.tus?.uploadDataDuringCreation) item.isInDoubt = true;
  }

  // Who is refused with a fresh token, too, may not send.
  #waitsForSession(id: string): boolean {
    const last = this.#turnedAway.get(id) ?? -Infinity;
    if (!token() || performance.now() - last < TURNED_AWAY_AGAIN) return false;
    this.#turnedAway.set(id, performance.now());
    void this.#session.refused();
    return true;
  }

  #retries(error: TusDetailedError, byDefault: (error: TusDetailedError) => boolean): boolean {
    const request = error.originalRequest;
    const id = (request && this.#asked.get(request)) ?? "";
    const item = this.#items.get(id);
    if ((request && !id) || this.#gone.has(id)) return false; // a DELETE of tus would take a connection and keep it
    // Without a network Uppy waits for one, but this machine reaches itself without.
    const isTried = () => (IS_LOCAL && !navigator.onLine ? isPassing(error) : byDefault(error));
    // Of "too many" Uppy has enough after a while, and would never again send several at once; `patience` does for it.
    const again = isSignedOut(request) ? this.#waitsForSession(id) : isTooMany(error) || isTried();
    if (again && item?.uppy) this.#doubt(item.uppy);
    if (again && item) this.#listener.stalled(item, problemOf(request.getUnderlyingObject()));
    return again;
  }
}
