// Which files are chosen, and what is done to all of them.
import { find, setText } from "./dom";
import { refresh } from "./library";
import { countRows, rowOf, rows } from "./list";
import { say, tell } from "./say";
import { renew, token } from "./session";
import { allLoadedChosen, chosen, doing, more, NOT_DONE, outcome, sureToDelete, tooManyChosen } from "./words";

const AT_ONCE = 50; // files in a request, so that one sees how far it is
const BOX = "input[name=file]";
const MOST_TOLD = 5;

interface Outcome {
  done: string[];
  failures: { id: string; name: string; detail: string }[];
}

export class Choosing {
  #form = find<HTMLFormElement>(document, "#chosen");
  #classes = this.#form.classList; // what is asked of a form is looked for among its fields first: a box in each row
  #all = find<HTMLInputElement>(document, "#choose-all");
  #words = find(document, "#how-many");
  #none = this.#words.textContent ?? "";
  #ids = new Set<string>();
  #last: HTMLInputElement | undefined; // with Shift all from here on are meant
  #busy = false;
  #isFresh = false;

  constructor() {
    find(document, "#rows").parentElement?.addEventListener("click", (event) => {
      const box = event.target;
      if (box instanceof HTMLInputElement && box.matches(BOX)) this.#choose(box, event.shiftKey);
    });
    this.#all.addEventListener("click", () => this.chooseAll(this.#all.checked));
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    document.addEventListener("rows", () => this.#rowsChanged());
  }

  get count(): number {
    return this.#ids.size;
  }

  toggle(row: HTMLElement, withShift: boolean): void {
    const box = row.querySelector<HTMLInputElement>(BOX);
    if (!box) return;
    box.checked = !box.checked;
    this.#choose(box, withShift);
  }

  chooseAll(are: boolean): void {
    for (const row of are ? rows() : this.#rows()) this.#check(row, are);
    this.#changed();
  }

  async remove(): Promise<void> {
    if (this.count && !this.#busy && (await isSure(this.#rows().map(nameOf)))) await this.#do("delete");
  }

  #choose(box: HTMLInputElement, withShift: boolean): void {
    const last = this.#last?.isConnected && this.#last !== box ? this.#last : undefined;
    if (withShift && last) {
      const all = rows();
      const [one = 0, other = 0] = [box, last].map((each) => all.findIndex((row) => row.contains(each)));
      for (const row of all.slice(Math.min(one, other), Math.max(one, other) + 1)) this.#check(row, box.checked);
    }
    note(this.#ids, box);
    this.#last = box;
    this.#changed();
  }

  #changed(): void {
    this.#draw();
    say(this.#words.textContent ?? "");
  }

  #check(row: HTMLElement, is: boolean): void {
    const box = row.querySelector<HTMLInputElement>(BOX);
    if (!box) return;
    box.checked = is;
    note(this.#ids, box);
  }

  #rows(): HTMLElement[] {
    return [...this.#ids].map(rowOf).filter((row) => row !== null);
  }

  #rowsChanged(): void {
    for (const id of this.#ids) {
      const row = rowOf(id);
      if (row) this.#check(row, true); // it may have come anew
      else this.#ids.delete(id);
    }
    this.#draw();
  }

  #draw(): void {
    if (this.#busy) return;
    const { count } = this;
    const all = count ? countRows() : 0;
    const isAll = count > 0 && count === all;
    const isSome = count > 0 && count < all;
    // What does not change is not written: the style of the whole page may hang on it.
    if (this.#all.checked !== isAll) this.#all.checked = isAll;
    if (this.#all.indeterminate !== isSome) this.#all.indeterminate = isSome;
    this.#classes.toggle("some", count > 0);
    const isMore = isAll && document.querySelector("#before, #after") !== null;
    setText(this.#words, count ? (isMore ? allLoadedChosen(count) : chosen(count)) : this.#none);
  }

  #submit(event: SubmitEvent): void {
    const deed = event.submitter?.dataset.deed;
    const most = Number(this.#form.dataset.most);
    const isFresh = this.#isFresh || !token();
    if (deed === "zip" && this.count && this.count <= most && isFresh) return; // the browser takes it from here
    event.preventDefault();
    if (deed === "zip" && this.count > most) tell(tooManyChosen(this.count, most));
    else if (deed === "zip" && this.count) void this.#download(event.submitter);
    else if (deed === "delete") void this.remove();
    else if (deed === "reprocess") void this.#do(deed);
  }

  // Another tab may have signed in anew; a page that refuses the form would take this one's place.
  async #download(button: HTMLElement | null): Promise<void> {
    await renew().catch(() => false);
    this.#isFresh = true;
    this.#form.requestSubmit(button);
    this.#isFresh = false;
  }

  async #do(deed: string): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.#form.inert = true;
    const ids = [...this.#ids];
    const failures: string[] = [];
    let done = 0;
    try {
      for (let start = 0; start < ids.length; start += AT_ONCE) {
        const found = await this.#send(deed, ids.slice(start, start + AT_ONCE));
        done += found.done.length;
        for (const row of found.done.map(rowOf)) if (row) this.#check(row, false);
        failures.push(...found.failures.map(({ id, name, detail }) => `${name || id}: ${detail}`));
        setText(this.#words, doing(done, ids.length));
        void refresh();
      }
    } catch (error) {
      failures.push(error instanceof Refusal ? error.message : NOT_DONE);
    }
    this.#busy = false;
    this.#form.inert = false;
    this.#draw();
    tell(outcome(deed, done, failures.length > MOST_TOLD ? [...failures.slice(0, MOST_TOLD), "…"] : failures));
  }

  async #send(deed: string, ids: readonly string[]): Promise<Outcome> {
    let response = await this.#post(deed, ids);
    if (response.status === 403 && (await renew())) response = await this.#post(deed, ids);
    const answer = (await response.json()) as Outcome & { title: string; detail: string };
    if (!response.ok) throw new Refusal(answer.detail || answer.title);
    return answer;
  }

  #post(deed: string, ids: readonly string[]): Promise<Response> {
    const button = find<HTMLButtonElement>(this.#form, `[data-deed=${deed}]`);
    const body = new URLSearchParams({ sure: "yes" });
    body.set("csrfmiddlewaretoken", find<HTMLInputElement>(this.#form, "[name=csrfmiddlewaretoken]").value);
    for (const id of ids) body.append("file", id);
    return fetch(button.formAction, { method: "POST", body, headers: { Accept: "application/json" } });
  }
}

class Refusal extends Error {}

function note(ids: Set<string>, { checked, value }: HTMLInputElement): void {
  if (checked) ids.add(value);
  else ids.delete(value);
}

function nameOf(row: HTMLElement): string {
  return find(row, ".name").title;
}

function isSure(names: readonly string[]): Promise<boolean> {
  const dialog = find<HTMLDialogElement>(document, "#sure");
  setText(find(dialog, "h2"), sureToDelete(names.length));
  dialog.classList.toggle("one", names.length === 1);
  const told = names.length > MOST_TOLD + 1 ? MOST_TOLD : names.length;
  find(dialog, ".names").replaceChildren(...names.slice(0, told).map(entry));
  if (told < names.length) find(dialog, ".names").append(entry(more(names.length - told)));
  dialog.returnValue = "";
  dialog.onkeydown = (event) => {
    if (event.repeat) event.preventDefault(); // a key that is held down is no answer
  };
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function entry(words: string): HTMLElement {
  const line = document.createElement("li");
  line.append(Object.assign(document.createElement("bdi"), { textContent: words }));
  return line;
}
