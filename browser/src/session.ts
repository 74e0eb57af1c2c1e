// A session that ends, or gets another token, while files are on their way: the page stays, they wait, and go on with the
// token of the next one.
import { find } from "./dom";
import { said } from "./language";

const WORDS = said("You are signed out. Sign in in another tab.");
const AGAIN_EVERY = 10_000;

interface Notice {
  tell(words: string): void;
  untell(words: string): void;
}

export function token(): string {
  return mould().dataset.token ?? "";
}

// Against forged requests, where a session stands behind the page.
export function headers(): Record<string, string> {
  return token() ? { "X-CSRFToken": token() } : {};
}

// Takes the token that the server gives to this page now. False where nobody is signed in any more, or somebody else is;
// raises where nobody can tell.
export async function renew(): Promise<boolean> {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const now = page.getElementById("mould")?.dataset;
  if (!now || now.owner !== mould().dataset.owner) return false;
  if (!now.token) return true; // an open service
  mould().dataset.token = now.token;
  for (const field of document.querySelectorAll<HTMLInputElement>("[name=csrfmiddlewaretoken]")) field.value = now.token;
  return true;
}

export class Session {
  #notice: Notice;
  #hold = Promise.resolve();
  #release: (() => void) | undefined; // there while the session is over
  #timer = 0;

  constructor(isNeeded: () => boolean, notice: Notice) {
    this.#notice = notice;
    addEventListener("leave", (event) => {
      if (!isNeeded()) return;
      event.preventDefault();
      this.#end();
      notice.tell(WORDS);
    });
    addEventListener("listed", () => void this.#goOn());
  }

  // Resolves as long as the server takes the token, else once it takes another one.
  get admitted(): Promise<void> {
    return this.#hold;
  }

  // The server did not take the token.
  async refused(): Promise<void> {
    if (this.#release) return;
    this.#end();
    await this.#goOn();
  }

  #end(): void {
    if (this.#release) return;
    this.#hold = new Promise((resolve) => (this.#release = resolve));
    // Who signs in elsewhere hides this page, which looks at nothing then.
    this.#timer = setInterval(() => void this.#goOn(), AGAIN_EVERY);
  }

  async #goOn(): Promise<void> {
    if (!this.#release) return;
    const isRenewed = await renew().catch(() => undefined);
    if (isRenewed === false) this.#notice.tell(WORDS);
    if (!isRenewed) return;
    clearInterval(this.#timer);
    this.#release?.();
    this.#release = undefined;
    this.#notice.untell(WORDS);
  }
}

function mould(): HTMLElement {
  return find(document, "#mould");
}
