// Links and forms that change a page where it is, by htmx: what is on its way in goes on, and the focus stays.
import htmx from "htmx.org";
import { NOT_DONE } from "./words";

const STYLE = "live";

interface Context {
  request: { method: string };
  response?: { raw: Response };
  text: string;
  sourceEvent: Partial<Event>; // empty where the history is followed
}

interface Task {
  type: string;
  fragment: DocumentFragment;
}

interface Ways {
  show(live: HTMLElement, fresh: HTMLElement): void; // brings the part #live of the page in line with the one that has come
  goTo?(address: string): void; // before that, where a link was followed
}

export function changeWithin({ show, goTo }: Ways): void {
  htmx.registerExtension("live", {
    handle_swap: (style: string, live: HTMLElement, fresh: DocumentFragment) => {
      if (style !== STYLE) return false;
      show(live, fresh.firstElementChild as HTMLElement);
      return [live];
    },
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks } = (event as CustomEvent<{ ctx: Context; tasks: Task[] }>).detail;
    if (!ctx.response) return;
    const fresh = tasks.find(({ type }) => type === "main")?.fragment.firstElementChild;
    if (!(fresh instanceof HTMLElement) || isOfAnother(fresh)) {
      event.preventDefault();
      refuse(ctx, ctx.response.raw, fresh instanceof HTMLElement);
      return;
    }
    keepMenus(tasks);
    if (ctx.sourceEvent.type && ctx.request.method === "GET") goTo?.(ctx.response.raw.url);
  });
  document.addEventListener("htmx:after:swap", keepFocus);
  document.addEventListener("htmx:error", (event) => {
    const { ctx, error } = (event as CustomEvent<{ ctx?: Context; error: unknown }>).detail;
    if (ctx?.response) throw error;
    notify(NOT_DONE);
  });
  document.addEventListener("click", leaveToBrowser, true);
}

// Somebody else has signed in meanwhile.
function isOfAnother(fresh: HTMLElement): boolean {
  return fresh.dataset.owner !== document.getElementById("live")?.dataset.owner;
}

// What came is another page: that which asks who one is, or says what is wrong.
function refuse({ request, text }: Context, answer: Response, isPage: boolean): void {
  if (!isPage && !answer.redirected && ![401, 404].includes(answer.status)) {
    const said = new DOMParser().parseFromString(text, "text/html").querySelectorAll(".lone h1, .lone h1 + p:not(.soft)");
    return notify([...said].map((each) => each.textContent).join(". ") || NOT_DONE);
  }
  if (!dispatchEvent(new Event("leave", { cancelable: true }))) return;
  if (answer.redirected || request.method === "GET") location.assign(answer.url);
  else location.reload();
}

function notify(words: string): void {
  document.querySelector(".notice.of-deeds")?.remove();
  const messages = document.getElementById("messages");
  if (messages?.textContent === words) return;
  messages?.replaceChildren(Object.assign(document.createElement("p"), { className: "notice", textContent: words }));
}

// Those that were opened while the answer was on its way.
function keepMenus(tasks: readonly Task[]): void {
  const fresh = tasks.flatMap(({ fragment }) => [...fragment.querySelectorAll<HTMLDetailsElement>("details.menu")]);
  document.querySelectorAll<HTMLDetailsElement>("details.menu").forEach((menu, at) => {
    const now = fresh[at];
    if (now) now.open = menu.open;
  });
}

// Where what was used is there no more.
function keepFocus(): void {
  if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
}

// htmx would keep a link from opening in another tab, and not follow it either.
function leaveToBrowser(event: MouseEvent): void {
  if (!(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) || !(event.target instanceof Element)) return;
  if (event.target.closest("a[data-htmx-powered]")) event.stopPropagation();
}
