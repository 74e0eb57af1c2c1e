// A session that ends, or gets another token, while files are on their way: the page stays, they wait, and go on with the
// token of the next one.
import { find } from "./dom";
import { said } from "./language";

const WORDS = said("You are signed out. Sign in in another tab.");

interface Notice {
  tell(words: string): void;
  untell(words: string): void;
}

export function token(): string {
  return mould().dataset.token ?? "";
}

// Takes the token that the server gives to this page now. False where nobody is signed in any more, or somebody else is.
export async function renew(): Promise<boolean> {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const now = page.getElementById("mould")?.dataset ?? {};
  if (!now.token || now.owner !== mould().dataset.owner) return false;
  mould().dataset.token = now.token;
  for (const field of document.querySelectorAll<HTMLInputElement>("[name=csrfmiddlewaretoken]")) field.value = now.token;
  return true;
}

export class Session {
  #notice: Notice;
  #hold = Promise.resolve();
  #release: (() => void) | undefined; // there while the session is over

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
    if (!(await this.#goOn())) this.#notice.tell(WORDS);
  }

  #end(): void {
    if (!this.#release) this.#hold = new Promise((resolve) => (this.#release = resolve));
  }

  async #goOn(): Promise<boolean> {
    if (!this.#release) return true;
    if (!(await renew().catch(() => false))) return false;
    this.#release?.();
    this.#release = undefined;
    this.#notice.untell(WORDS);
    return true;
  }
}

function mould(): HTMLElement {
  return find(document, "#mould");
}
