// Links and forms that change a page where it is, by htmx: what is on its way in goes on, and the focus stays.
import htmx from "htmx.org";
import { NOT_DONE } from "./words";

const STYLE = "live";

interface Swap {
  ctx: { request: { method: string }; response?: { raw: Response }; sourceEvent: Partial<Event> };
  tasks: { type: string; fragment: DocumentFragment }[];
}

// `show` brings the part #live of the page in line with the one that has come.
export function changeWithin(show: (live: HTMLElement, fresh: DocumentFragment) => void): void {
  htmx.registerExtension("live", {
    handle_swap: (style: string, live: HTMLElement, fresh: DocumentFragment) => {
      if (style !== STYLE) return false;
      show(live, fresh);
      return [live];
    },
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks } = (event as CustomEvent<Swap>).detail;
    const answer = ctx.response?.raw;
    if (!answer) return;
    const isPage = tasks.some(({ type, fragment }) => type === "main" && fragment.childElementCount);
    if (!isPage) {
      event.preventDefault();
      leave(answer, ctx.request.method);
    } else if (ctx.sourceEvent.type && answer.url !== location.href) history.pushState(null, "", answer.url);
  });
  document.addEventListener("htmx:error", notify);
}

// The page that an entry of the history names.
export function followHistory(): void {
  addEventListener("popstate", () => {
    if (!location.hash) void htmx.ajax("GET", location.pathname + location.search, { source: "#filters" });
  });
}

// What came is another page: that which asks who one is, or says what is wrong.
function leave({ redirected, url }: Response, method: string): void {
  if (!dispatchEvent(new Event("leave", { cancelable: true }))) return;
  if (redirected || method === "GET") location.assign(url);
  else location.reload();
}

function notify(): void {
  const notice = Object.assign(document.createElement("p"), { className: "notice", textContent: NOT_DONE });
  document.getElementById("messages")?.replaceChildren(notice);
}
